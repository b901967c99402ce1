/** What was given to run a network on, before it is fitted to the network. */
import type { ProbeFileContent } from './file';

/** A JSON file that says how text or pixels become inputs; `beside` holds those that came with a probe or with anything else so far. */
export interface SideFile {
  readonly name: string;
  readonly text: string;
}

/** A picture, decoded when it is asked for: [height, width, channels] row-major, 0 to `most`. */
export interface Picture {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** 1 (grey) or 3. */
  readonly channels: number;
  /** The largest value that its type holds: 255 or 65535. */
  readonly most: number;
  values(): Promise<Float32Array | Float64Array>;
}

export interface PicturesContent {
  readonly kind: 'pictures';
  /** What the group is called: its only file, or how many there are. */
  readonly file: string;
  /** In natural order of names. */
  readonly pictures: readonly Picture[];
  /** Sentences about what was read and what was not. */
  readonly warnings: readonly string[];
  readonly beside?: readonly SideFile[];
}

export interface TextContent {
  readonly kind: 'text';
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  /** The first bytes as text, at most as many as there are; a character that is cut at their end is left out. Throws InputError. */
  read(bytes: number): Promise<string>;
  readonly beside?: readonly SideFile[];
}

export type ProbeContent = ProbeFileContent | PicturesContent | TextContent;
