/** Keras 3's own format (.keras): a zip of config.json, metadata.json and model.weights.h5. */
import type { Contents, FileFormat, Sniffed } from '../format';
import { readHdf5 } from '../hdf5/file';
import { isTrainingState, readConfig, readWeights } from '../keras-weights';
import { count, refusal, truncated } from '../refusal';
import { bufferSource } from '../sources';
import { parseStrictJson } from '../strict-json';
import type { ByteSource } from '../types';
import type { ZipMember } from '../zip';

const WEIGHTS = 'model.weights.h5';
const MAX_JSON = 2 ** 26;

export const kerasZip: FileFormat = {
  format: 'Keras',
  recognises: ({ archive }: Sniffed) => archive?.members.has(WEIGHTS) ?? false,

  async open({ source, archive }: Sniffed, signal): Promise<Contents> {
    const file = source.name;
    const [configText, metadataText] = await Promise.all(['config.json', 'metadata.json'].map((name) => readText(archive!.members.get(name), file)));
    const warnings: string[] = [];
    const config = configText ? readConfig(configText, file, warnings) : null;
    const weights = readWeights(await readHdf5(await sourceOf(archive!.members.get(WEIGHTS)!, file), isTrainingState, signal), config, file);
    if (weights === null) throw refusal('hdf5', file, `its ${WEIGHTS} holds no weights of Keras: there are no groups "vars" in it. Save the model again with model.save("model.keras").`);
    if (!configText) warnings.push('It holds weights without their model (no config.json). Save the model again with model.save("model.keras").');
    return {
      tensors: weights.tensors, metadata: metadataText ? scalarsOf(metadataText, file) : new Map(), warnings: [...warnings, ...weights.warnings], shared: [],
      ...(config === null ? {} : { program: { kind: 'keras', config, variables: weights.variables } }),
    };
  },
};

async function readText(member: ZipMember | undefined, file: string): Promise<Uint8Array | null> {
  if (!member) return null;
  if (member.size > MAX_JSON) throw refusal('json-too-large', file, `it is JSON of ${count(member.size)} bytes; at most ${count(MAX_JSON)} are read.`, member.name);
  return member.read(0, member.size);
}

/** The member as a file of its own. Keras stores it as it is; a deflated one is unpacked whole, once. */
async function sourceOf(member: ZipMember, file: string): Promise<ByteSource> {
  if (!member.stored) return bufferSource(file, await member.read(0, member.size));
  await member.verify();
  return {
    name: file,
    size: member.size,
    read(begin, end) {
      if (!(begin >= 0 && begin <= end && end <= member.size)) throw truncated(file, member.size, end, member.name);
      return member.read(begin, end);
    },
  };
}

function scalarsOf(text: Uint8Array, file: string): Map<string, string> {
  const value = parseStrictJson(text, file, 'its metadata.json');
  return new Map(value instanceof Map ? [...value].flatMap(([key, inner]) => (typeof inner === 'string' ? [[key, inner.slice(0, 100)] as const] : [])) : []);
}
