/** Text as token ids [N, T]: the ids of its beginning, cut into sequences one after the other, each framed as its tokenizer frames a text. */
import { InputError } from '../base/errors';
import type { TextContent } from './content';
import type { TextTokenizer } from './tokenizer';
import type { Probe, ProbeSpec, TokenSpec } from './types';

/** By default as many rows as the built-in token probe has. */
const ROWS = 2048;
const POSITIONS = 64;
/** Bytes of text that are read at most. */
const MAX_TEXT = 2 ** 22;
/** Bytes that a token stands for, to begin with. */
const BYTES = 6;
/** Where a text was cut, its last ids may be those of half a word. */
const UNSURE = 16;

/** @throws InputError where the text, the tokenizer and the network do not go together. */
export async function probeFromText(content: TextContent, tokenizer: TextTokenizer | null, spec: ProbeSpec): Promise<Probe> {
  const { file } = content;
  const { input } = spec;
  if (input.kind !== 'tokens') throw new InputError('probe-text', `${file}: text feeds networks that take token ids, and this one takes vectors of width ${input.width}. Give an array of inputs, or pictures.`, { file });
  if (!tokenizer) throw new InputError('no-tokenizer', `${file}: text becomes token ids through the tokenizer of its network, and tokenizer.json is missing. Drop it too (it lies beside the weights; tokenizer_config.json may come along).`, { file });
  const next = input.next === true;
  const before = tokenizer.before;
  const behind = next ? [] : tokenizer.behind;
  const frame = before.length + behind.length;
  const asked = spec.positions ?? Math.min(POSITIONS, input.context);
  if (asked > input.context) throw new InputError('probe-context', `${file}: sequences of ${asked} tokens were asked for; this model has a context of ${input.context}.`, { file });
  if (asked <= frame) throw new InputError('probe-positions', `${file}: sequences of ${asked} ${asked === 1 ? 'token' : 'tokens'} have no room for text beside the ${frame} that ${tokenizer.file} puts around it. Ask for more positions.`, { file });
  const wanted = spec.samples ?? Math.max(1, Math.floor(ROWS / asked));
  const ids = await read(content, tokenizer, wanted * (asked - frame) + 1);
  checkVocabulary(file, ids, tokenizer, input);

  // A label is the token behind: the last of a text has none.
  const usable = ids.length - (next ? 1 : 0);
  if (usable < 1) throw new InputError('text-short', `${file}: it gives ${ids.length} ${ids.length === 1 ? 'token' : 'tokens'}; ${next ? 'two' : 'one'} or more were expected. Give a longer text.`, { file });
  const width = Math.min(asked - frame, usable);
  const positions = width + frame;
  const samples = Math.min(wanted, Math.floor(usable / width));
  const rows = new Int32Array(samples * positions);
  const labels = new Int32Array(samples * positions).fill(-1);
  for (let i = 0; i < samples; i++) {
    const text = ids.slice(i * width, (i + 1) * width);
    rows.set([...before, ...text, ...behind], i * positions);
    // The token before the text predicts its first.
    for (let j = before.length > 0 ? -1 : 0; j < width; j++) labels[i * positions + before.length + j] = next ? ids[i * width + j + 1]! : -1;
  }
  const taken = ids.slice(0, samples * width);
  return {
    kind: 'text',
    description: `${file}: ${samples} sequences of ${positions} tokens of text${next ? ', with the next tokens as targets' : ', no targets'}`,
    evidence: [
      `${file} through ${tokenizer.file} (${tokenizer.kind}, ${tokenizer.size} tokens): its first ${taken.length} tokens, cut one after the other`,
      ...(samples < wanted ? [`the text is enough for ${samples} of ${wanted} sequences`] : []),
      ...(frame > 0 ? [`each sequence ${frameWords(tokenizer, before, behind)}, as ${tokenizer.file} frames a text`] : []),
      next ? 'targets: at every position the token that follows' : 'no targets: this network does not say what follows, so labels are drawn from what it says itself',
      ...unknownWords(taken, tokenizer),
      ...sizeWords(tokenizer, input),
      ...tokenizer.doubts,
    ],
    inputs: { kind: 'tokens', ids: rows, samples, positions },
    targets: next ? { kind: 'labels', labels } : null,
  };
}

/** What was read last of each text: settings change more often than texts, and ids take long (10 kB a second and more). */
const known = new WeakMap<TextContent, { tokenizer: TextTokenizer; bytes: number; ids: readonly number[] }>();

/** At least `wanted` ids where the text has as many. */
async function read(content: TextContent, tokenizer: TextTokenizer, wanted: number): Promise<number[]> {
  const limit = Math.min(content.size, MAX_TEXT);
  const before = known.get(content);
  if (before?.tokenizer === tokenizer && (before.ids.length >= wanted || before.bytes === limit)) return before.ids.slice(0, wanted);
  for (let bytes = Math.min(limit, Math.max(4096, BYTES * wanted)); ; bytes = Math.min(limit, 4 * bytes)) {
    const text = await content.read(bytes);
    // Up to the last white space, which may go on behind the cut.
    const ids = bytes === content.size ? encoded(content.file, text, tokenizer) : encoded(content.file, text.replace(/\s+\S*$/u, ''), tokenizer).slice(0, -UNSURE);
    known.set(content, { tokenizer, bytes, ids });
    if (ids.length >= wanted || bytes === limit) return ids.slice(0, wanted);
  }
}

function encoded(file: string, text: string, tokenizer: TextTokenizer): number[] {
  try {
    return tokenizer.encode(text);
  } catch (error) {
    // The library passes the tokens of a piece as arguments: a tokenizer that takes a whole text as one piece runs out of stack.
    if (!(error instanceof RangeError)) throw error;
    throw new InputError('text-long', `${file}: ${text.length} characters at once are more than this tokenizer takes here. Ask for fewer samples or positions.`, { file });
  }
}

function checkVocabulary(file: string, ids: readonly number[], tokenizer: TextTokenizer, { vocabulary }: TokenSpec): void {
  const odd = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
  if (odd === undefined) return;
  if (!Number.isInteger(odd)) throw new InputError('tokenizer', `${tokenizer.file}: there is no id for a token of ${file}, not even one for what it does not know. Drop the tokenizer.json of the network.`, { file: tokenizer.file });
  throw new InputError('vocabulary', `${tokenizer.file}: the token "${tokenizer.name(odd)}" of ${file} has id ${odd}, and this network has a vocabulary of ${vocabulary}: it is the tokenizer of another network. Drop the one that lies beside its weights.`, { file: tokenizer.file });
}

function frameWords(tokenizer: TextTokenizer, before: readonly number[], behind: readonly number[]): string {
  const named = (ids: readonly number[]) => ids.map((id) => `${tokenizer.name(id)} (${id})`).join(' ');
  return [...(before.length > 0 ? [`begins with ${named(before)}`] : []), ...(behind.length > 0 ? [`ends with ${named(behind)}`] : [])].join(' and ');
}

function unknownWords(ids: readonly number[], { unknown }: TextTokenizer): string[] {
  const count = unknown === null ? 0 : ids.filter((id) => id === unknown).length;
  return count === 0 ? [] : [`${count} of ${ids.length} tokens are what the tokenizer does not know`];
}

function sizeWords({ size, file }: TextTokenizer, { vocabulary }: TokenSpec): string[] {
  if (size === vocabulary) return [];
  return size < vocabulary
    ? [`${file} has ${size} tokens and the network a vocabulary of ${vocabulary}: the rest is padding, or it is the tokenizer of another network`]
    : [`${file} has ${size} tokens, more than the network's vocabulary of ${vocabulary}; none of the others occurs in this text`];
}
