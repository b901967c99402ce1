/** Outputs of the network itself that a probe carries, as another program computed them: a check that the checkpoint is read as it was meant. */
import { probabilitiesOf } from './probabilities';

export interface RecordedOutputs {
  /** What the array is called in the file. */
  readonly name: string;
  /** Unit roundoff of the type that they are kept in. */
  readonly roundoff: number;
  /** Rows of the network's output [rows, outputs], as many as the probe has. */
  readonly values: Float64Array;
}

/** How far a network is from what was recorded of it. */
export interface Agreement {
  readonly name: string;
  /** How many values were compared. */
  readonly values: number;
  /** Largest difference over the largest recorded value. */
  readonly difference: number;
  /** What rounding, here and where they were recorded, usually makes of it at most. */
  readonly rounding: number;
  /** Probabilities were recorded: they were compared with the softmax of the outputs. */
  readonly probabilities: boolean;
}

/** On the unit roundoff. Other variants of an activation (GELU and its tanh form) move outputs by more than this in float32. */
const GUARD = 2 ** 9;
/** Files keep some constants (the epsilon of a norm in ONNX) in float32, of programs that compute in float64. */
const LEAST = 2 ** -36;
/** Outputs in types of 16 bits are no farther off than this. */
const MOST = 2 ** -4;
/** Sums of recorded probabilities are this near to 1. */
const NEAR = 1e-2;

export class OutputComparison {
  private largest = 0;
  private difference = 0;
  private compared = 0;
  private readonly probabilities: boolean;

  constructor(
    private readonly recorded: RecordedOutputs,
    private readonly outputs: number,
  ) {
    this.probabilities = outputs > 1 && areProbabilities(recorded.values, outputs);
  }

  /** Output rows `from` ... of the network. */
  add(values: Float64Array, from: number): void {
    const { recorded, outputs } = this;
    for (let row = 0; row * outputs < values.length; row++) {
      const own = values.subarray(row * outputs, (row + 1) * outputs);
      (this.probabilities ? probabilitiesOf(own) : own).forEach((y, o) => {
        const truth = recorded.values[(from + row) * outputs + o]!;
        const apart = Math.abs(y - truth);
        this.largest = Math.max(this.largest, Math.abs(truth));
        // NaN is as far off as can be.
        if (!(apart <= this.difference)) this.difference = Number.isNaN(apart) ? Infinity : apart;
        this.compared++;
      });
    }
  }

  /** Null where the network was not run to its end. `roundoff`: that of the pass. */
  agreement(roundoff: number): Agreement | null {
    const { compared, difference, probabilities, recorded } = this;
    if (compared < recorded.values.length) return null;
    const relative = difference === 0 ? 0 : Math.min(Number.MAX_VALUE, difference / this.largest);
    return { name: recorded.name, values: compared, difference: relative, rounding: Math.max(LEAST, Math.min(MOST, GUARD * Math.max(roundoff, recorded.roundoff))), probabilities };
  }
}

function areProbabilities(values: Float64Array, outputs: number): boolean {
  for (let row = 0; row < values.length; row += outputs) {
    let sum = 0;
    for (let o = row; o < row + outputs; o++) {
      if (values[o]! < 0) return false;
      sum += values[o]!;
    }
    if (Math.abs(sum - 1) > NEAR) return false;
  }
  return true;
}
