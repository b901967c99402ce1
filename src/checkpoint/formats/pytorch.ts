/** PyTorch's zip container (torch >= 1.6): <root>/data.pkl beside raw storages <root>/data/<key>. Source: pytorch caffe2/serialize/inline_container.h. */
import { PickleCut } from '../pickle-cursor';
import { unpickle, type Unpickled } from '../pickle';
import { count, quoted, refusal } from '../refusal';
import { stem, type Contents, type FileFormat, type Sniffed } from '../format';
import { namingGlobals, storageOf, torchContents, unknownGlobals } from '../torch-tensors';
import { nameTensors } from '../unwrap';
import type { ZipArchive } from '../zip';

const MAX_PICKLE = 2 ** 29;
/** Archives up to this size are checked whole when they are opened; larger ones record by record as they are read. */
const CHECK_AT_ONCE = 2 ** 26;

const pickles = (archive: ZipArchive | null) => [...(archive?.members.keys() ?? [])].filter((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));

export const pytorch: FileFormat = {
  format: 'PyTorch',
  recognises: ({ archive }) => pickles(archive).length > 0,

  async open({ source, archive }: Sniffed): Promise<Contents> {
    const { members } = archive!;
    const file = source.name;
    const [path, ...others] = pickles(archive);
    if (others.length > 0) throw refusal('torch-two-pickles', file, `it holds ${others.length + 1} pickles (${quoted(path!)}, ${quoted(others[0]!)}); expected one data.pkl. Save it again with torch.save.`);
    archive!.zeroCrcIsNone = true;
    const root = path!.slice(0, -'data.pkl'.length);
    if (members.has(`${root}constants.pkl`)) {
      throw refusal('torchscript', file, 'it is a TorchScript program; expected a dict of tensors. In Python: torch.save(torch.jit.load(path).state_dict(), "state_dict.pt").');
    }
    const bigEndian = await isBigEndian(archive!, root, file);
    const pickle = members.get(path!)!;
    if (pickle.size > MAX_PICKLE) throw refusal('pickle-budget', file, `its pickle has ${count(pickle.size)} bytes; at most ${count(MAX_PICKLE)} are read.`);
    const unknown = new Set<string>();
    const { value, opcodes } = await readPickle(await pickle.read(0, pickle.size), file, unknown);
    const named = namingGlobals(unknown, () => nameTensors(value, opcodes, file, stem(file)));
    const contents = await torchContents(named, (key) => (key.includes('/') ? undefined : members.get(`${root}data/${key}`)), bigEndian, file, unknownGlobals(unknown));
    if (archive!.unpackedSize <= CHECK_AT_ONCE) for (const member of members.values()) await member.verify();
    return contents;
  },
};

async function isBigEndian(archive: ZipArchive, root: string, file: string): Promise<boolean> {
  const record = archive.members.get(`${root}byteorder`);
  if (record === undefined) return false;
  const order = new TextDecoder().decode(await record.read(0, Math.min(record.size, 16))).trim();
  if (order !== 'little' && order !== 'big') throw refusal('torch-byteorder', file, `its byteorder record says ${quoted(order)}; expected "little" or "big". Save it again with torch.save.`);
  return order === 'big';
}

async function readPickle(bytes: Uint8Array, file: string, unknown: Set<string>): Promise<Unpickled> {
  try {
    return namingGlobals(unknown, () => unpickle(bytes, 0, { file, persistent: (id) => storageOf(id, file), unknown: (path) => unknown.add(path) }));
  } catch (error) {
    if (error instanceof PickleCut) throw refusal('pickle-cut', file, `its pickle ends in the middle, after ${count(bytes.length)} bytes. The file is cut or damaged: fetch it again.`);
    throw error;
  }
}
