/** tokenizer.json of Hugging Face -> token ids, by their own implementation in JavaScript. */
import { InputError, messageOf } from '../base/errors';
import type { SideFile } from './content';

export interface TextTokenizer {
  readonly file: string;
  /** 'BPE', 'WordPiece', 'Unigram', … */
  readonly kind: string;
  /** One more than its largest id. */
  readonly size: number;
  /** Ids that it puts before and behind a text, and what they are called. */
  readonly before: readonly number[];
  readonly behind: readonly number[];
  /** The id of what it does not know; null where it knows everything. */
  readonly unknown: number | null;
  /** Why its ids may not be those of the Python library; none where nothing is known to differ. */
  readonly doubts: readonly string[];
  /** Ids of a text, with nothing put around it. */
  encode(text: string): number[];
  name(id: number): string;
}

/** A tokenizer takes long to build (100,000 tokens): once for each file. */
const built = new WeakMap<SideFile, Promise<TextTokenizer>>();

/** @param config tokenizer_config.json, where it is there. @throws InputError where the file is no tokenizer that can be used. */
export function openTokenizer(file: SideFile, config: SideFile | null): Promise<TextTokenizer> {
  let tokenizer = built.get(file);
  if (!tokenizer) built.set(file, (tokenizer = build(file, config)));
  return tokenizer;
}

interface TokenizerJson {
  readonly model?: { readonly type?: string; readonly vocab?: unknown; readonly unk_token?: unknown; readonly unk_id?: unknown };
}

async function build(file: SideFile, config: SideFile | null): Promise<TextTokenizer> {
  const fail = (what: string) => new InputError('tokenizer', `${file.name}: ${what} Save it again with the library tokenizers: tokenizer.save("tokenizer.json").`, { file: file.name });
  const json = JSON.parse(file.text) as TokenizerJson;
  const kind = json.model?.type ?? (Array.isArray(json.model?.vocab) ? 'Unigram' : 'BPE');
  if (json.model?.vocab === undefined) throw fail("it has no vocabulary ('model.vocab'); expected the tokenizer.json of a model.");
  const { Tokenizer } = await import('@huggingface/tokenizers');
  try {
    const tokenizer = new Tokenizer(json, config ? (JSON.parse(config.text) as object) : {});
    const encode = (text: string, add_special_tokens: boolean) => tokenizer.encode(text, { add_special_tokens }).ids;
    const [framed, inner] = [encode('a', true), encode('a', false)];
    const at = framed.findIndex((_, i) => inner.every((id, j) => framed[i + j] === id));
    let size = 0;
    for (const id of tokenizer.get_vocab(true).values()) size = Math.max(size, id + 1);
    const { unk_token: word, unk_id: index } = json.model;
    const unknown = typeof word === 'string' ? tokenizer.token_to_id(word) : typeof index === 'number' ? index : undefined;
    return {
      file: file.name,
      kind,
      size,
      before: framed.slice(0, Math.max(at, 0)),
      behind: at < 0 ? [] : framed.slice(at + inner.length),
      unknown: unknown ?? null,
      doubts: doubtsOf(json),
      // Word-level vocabularies leave out what they do not know.
      encode: (text) => encode(text, false).map((id) => id ?? unknown),
      name: (id) => tokenizer.id_to_token(id) ?? `id ${id}`,
    };
  } catch (error) {
    throw fail(`it could not be used (${messageOf(error).slice(0, 200)}).`);
  }
}

/** Parts of a tokenizer that the JavaScript library says it does not reproduce (README of @huggingface/tokenizers 0.2.0). */
function doubtsOf(json: TokenizerJson): string[] {
  const text = JSON.stringify({ ...json, model: { ...json.model, vocab: null, merges: null }, added_tokens: null });
  const found = [
    ...[...text.matchAll(/"behavior":"(MergedWithPrevious|MergedWithNext|Contiguous)"/g)].map((m) => `the split behaviour ${m[1]}`),
    ...(/\\\\G/.test(text) ? ['the anchor \\G'] : []),
    ...(/[^\\(][*+?}]\+|\(\?>/.test(text) ? ['possessive quantifiers or atomic groups'] : []),
  ];
  return [...new Set(found)].map((part) => `the tokenizer uses ${part}, which the JavaScript library does not reproduce in every case: ids may differ from those of the Python library`);
}
