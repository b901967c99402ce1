/** The sweep for people: table, plots and the sentences under them. */
import type { ExperimentPlot } from '../../analysis/experiment-record';
import { best, BUDGETS, NAMED, readingAt, SAME_WIDTH, STATES, valuesAt, type Comparison, type Kind, type LlcComparison, type State, type Tap } from './comparison';
import { mean, type Parts, type Separation } from './separation';
import type { Point } from './sweep';

/** Paper A, abstract. */
const CLAIMED_ORDERS = 18;
/** The activation side of the named layer. */
const NAMED_ACTIVATION = { layer: NAMED.layer, side: 'activation' } as const;

const digits = (value: number, places = 1) => value.toFixed(places).replace('-', '−');
/** Nearest and farthest widths. */
const apart = (found: Separation | null, places = 1) => (found === null ? '–' : `${digits(found.nearest, places)} … ${digits(found.farthest, places)}`);
/** Mean over seeds; dead where some seed has no value. */
const average = (values: readonly (number | null)[], places: number) => (values.includes(null) ? 'dead' : digits(mean(values as readonly number[]), places));
const percent = (values: readonly number[]) => `${digits(100 * mean(values))} %`;
const nameOf = ({ layer, side }: Tap) => `${layer}, ${side} side`;

export function tableOf(points: readonly Point[], { widths, named, separations, llc }: Comparison): string[][] {
  const { same, larger } = points[0]!.llc;
  const header = [
    'd_model', 'weights', 'network', 'accuracy, held out', 'loss', 'live of G', 'log10 det+ G', 'per live dim', 'per live dim / mean λ',
    'log10 λ+min G', 'log10 σmin X', 'passes', `LLC, ${same.passes} passes`, `LLC, ${larger.passes} passes`, 'paper',
  ];
  const row = (width: number, state: State): string[] => {
    const own = points.filter((p) => p.width === width);
    const value = (kind: Kind, places: number) => average(valuesAt(points, width, state, NAMED, kind), places);
    const trained = state === 'trained';
    return [
      `${width}`,
      `${own[0]!.weights}`,
      state,
      trained ? `${percent(own.map((p) => p.trainAccuracy))}, ${percent(own.map((p) => p.testAccuracy))}` : '–',
      trained ? mean(own.map((p) => p.trainLoss)).toExponential(1) : '–',
      own.map((p) => readingAt(p[state], NAMED).live).join(', '),
      value('logDetPlus', 1),
      value('perDimension', 2),
      value('shape', 2),
      value('lambdaPlusMin', 2),
      average(valuesAt(points, width, state, NAMED_ACTIVATION, 'sigmaMin'), 2),
      `${own[0]!.passes}`,
      ...BUDGETS.map((budget) => (trained ? showLlc(llc[budget].widths[widths.indexOf(width)]!) : '–')),
      '–',
    ];
  };
  const last = (state: State): string[] => {
    const { logDetPlus, perDimension, shape, lambdaPlusMin } = named[state];
    const { sigmaMin } = separations.find((s) => s.state === state && s.layer === NAMED.layer && s.side === 'activation')!;
    const sampled = BUDGETS.map((budget) => (state === 'trained' ? apart(llc[budget].separation, 2) : '–'));
    const orders = [apart(logDetPlus), ...[perDimension, shape, lambdaPlusMin, sigmaMin].map((found) => apart(found, 2))];
    return ['orders apart', '', state, '', '', '', ...orders, '', ...sampled, state === 'trained' ? `${CLAIMED_ORDERS}; LLC rank-flat` : '–'];
  };
  return [header, ...STATES.flatMap((state) => [...widths.map((width) => row(width, state)), last(state)])];
}

function showLlc(found: LlcComparison['widths'][number]): string {
  if (!found) return 'diverged';
  return found.standardError === null ? digits(found.llc, 2) : `${digits(found.llc, 2)} ± ${digits(found.standardError, 2)}`;
}

export function summaryOf(points: readonly Point[], { widths, named, sameWidth, separations, parts, llc }: Comparison): string {
  if (widths.length < 2) return 'One d_model alone cannot be told from another: give at least two.';
  const found = named.trained.logDetPlus!;
  const told = found.nearest > 0 && found.farthest >= CLAIMED_ORDERS;
  const smallest = best(separations, 'trained', ['lambdaPlusMin', 'sigmaMin']);
  const roundoff = best(separations, 'trained', ['unfloored']);
  const pair = (of: typeof named, kind: Kind, places = 1) => `${apart(of.trained[kind], places)} trained, ${apart(of.untrained[kind], places)} untrained`;
  const before = Math.abs(parts.untrained.total / parts.trained.total);
  return [
    `log det+ of G at ${NAMED.layer} lies ${apart(found)} orders of magnitude apart (nearest … farthest two d_model), at ${points[0]!.passes} passes each: the paper's ${CLAIMED_ORDERS} orders ${told ? 'come out' : 'do not come out'}.`,
    `${shares(parts.trained)} Width alone, in untrained networks, gives ${apart(named.untrained.logDetPlus)} orders: ${digits(100 * before, 0)} % of it is there before training.`,
    `With the mean size divided out, which goes with the loss, ${pair(named, 'traceFree')}; of that for each live direction ${pair(named, 'shape', 2)}.`,
    `${SAME_WIDTH.layer} has p − 1 live directions at every width: ${pair(sameWidth, 'logDetPlus')}, and with the mean size divided out ${pair(sameWidth, 'traceFree')}.`,
    ...(smallest ? [`The smallest values above the floor span ${digits(smallest.orders)} orders at most (${nameOf(smallest.tap)}).`] : []),
    ...(roundoff && smallest && roundoff.orders > smallest.orders + 1
      ? [`Read without a floor they would span ${digits(roundoff.orders)} (${nameOf(roundoff.tap)}): roundoff, where a d_model has dead directions.`]
      : []),
    ...llcSentences(points, llc),
  ].join(' ');
}

function llcSentences(points: readonly Point[], llc: Comparison['llc']): string[] {
  const values = BUDGETS.map((budget) => {
    const { widths, separation, leastSigmas } = llc[budget];
    const orders = separation === null ? 'not all positive' : `${apart(separation, 2)} orders`;
    const sigmas = leastSigmas === null ? '' : `; the nearest two by ${digits(leastSigmas)} standard errors of the chains`;
    return `${widths.map(showLlc).join(', ')} after ${points[0]!.llc[budget].passes} passes (${orders}${sigmas})`;
  });
  const { separation } = llc.same;
  const flat = separation === null || separation.farthest < CLAIMED_ORDERS;
  const grows = llc.same.widths.some((found, i) => found && llc.larger.widths[i] && llc.larger.widths[i].llc > 2 * found.llc);
  return [
    `LLC at the same budget ${flat ? 'does not' : 'does, too'}: ${values.join(', ')}.`,
    ...(separation?.nearest === 0 ? ['Networks of two d_model overlap there.'] : []),
    ...(grows ? ['With the larger budget some are more than twice as large: at the cost of one reading the chains have not settled.'] : []),
  ];
}

function shares({ total, count, scale, shape }: Parts): string {
  return `Of ${digits(total)} from the narrowest to the widest, the number of live directions brings ${digits(count)}, their mean size ${digits(scale)}, their spread ${digits(shape)}.`;
}

export function plotsOf(points: readonly Point[], { widths, separations, parts }: Comparison): ExperimentPlot[] {
  const width = { title: 'd_model', log: true };
  const perSeed = (kind: Kind) =>
    STATES.map((state) => ({
      name: state,
      x: points.map((p) => p.width),
      y: widthsOf(points, state, kind),
      labels: points.map((p) => `seed ${p.seed}, ${state}`),
      mark: 'points' as const,
    }));
  const line = (kind: Kind) => ({
    name: 'mean, trained',
    x: [...widths],
    y: widths.map((w) => {
      const values = valuesAt(points, w, 'trained', NAMED, kind);
      return values.includes(null) ? null : mean(values as number[]);
    }),
    mark: 'line' as const,
  });
  const trained = separations.filter((s) => s.state === 'trained');
  const tapSeries = (name: string, kind: Kind) => ({
    name,
    x: trained.map((_, i) => i + 1),
    // A logarithmic axis has no place for widths that are not told apart.
    y: trained.map((s) => (s[kind] && s[kind].farthest > 0 ? s[kind].farthest : null)),
    labels: trained.map(nameOf),
    mark: 'points' as const,
  });
  const partNames = ['total', 'count', 'scale', 'shape'] as const;
  return [
    { title: `log det+ of G at ${NAMED.layer}`, x: width, y: { title: 'log10 det+', log: false }, series: [line('logDetPlus'), ...perSeed('logDetPlus')] },
    { title: 'The same for each live direction, without the trace', x: width, y: { title: 'mean log10(λ / mean λ)', log: false }, series: [line('shape'), ...perSeed('shape')] },
    { title: `Smallest eigenvalue above the floor at ${NAMED.layer}`, x: width, y: { title: 'log10 λ+min', log: false }, series: [line('lambdaPlusMin'), ...perSeed('lambdaPlusMin')] },
    {
      title: 'Distance of the two d_model farthest apart, trained, at every tap',
      x: { title: 'tap', log: false },
      y: { title: 'orders of magnitude', log: true },
      series: [
        tapSeries('log det+', 'logDetPlus'),
        tapSeries('log det+ without the trace', 'traceFree'),
        tapSeries('λ+min', 'lambdaPlusMin'),
        tapSeries('λmin > 0, no floor', 'unfloored'),
        { name: 'paper', x: [1, trained.length], y: [CLAIMED_ORDERS, CLAIMED_ORDERS], mark: 'dashed' },
      ],
    },
    {
      title: `What log det+ at ${NAMED.layer} is made of, from d_model ${widths[0]} to ${widths.at(-1)}`,
      x: { title: '1 all, 2 number of directions, 3 size, 4 spread', log: false },
      y: { title: 'orders of magnitude', log: false },
      series: STATES.map((state) => ({ name: state, x: [1, 2, 3, 4], y: partNames.map((part) => parts[state][part]), labels: [...partNames], mark: 'points' })),
    },
    {
      title: 'LLC by SGLD',
      x: width,
      y: { title: 'LLC', log: false },
      series: BUDGETS.map((budget) => ({
        name: `${points[0]!.llc[budget].passes} passes`,
        x: points.map((p) => p.width),
        y: points.map((p) => p.llc[budget].llc),
        error: points.map((p) => p.llc[budget].standardError),
        labels: points.map((p) => `seed ${p.seed}`),
        mark: 'points',
      })),
    },
  ];
}

function widthsOf(points: readonly Point[], state: State, kind: Kind): (number | null)[] {
  return points.map((p) => valuesAt([p], p.width, state, NAMED, kind)[0]!);
}
