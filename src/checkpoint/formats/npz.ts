/** numpy's .npz: a zip of .npy files. A member that cannot be read is left out by name; the others load. */
import { InputError } from '../../base/errors';
import type { Contents, FileFormat, Sniffed } from '../format';
import { NPY_PREAMBLE, npyHeaderEnd, parseNpyHeader } from '../npy-header';
import { listed, refusal, truncated } from '../refusal';
import type { StoredTensor } from '../stored-tensor';
import type { ZipMember } from '../zip';
import { npyTensor, rawWarnings } from './npy';

/** Archives up to this size are checked whole when they are opened; larger ones member by member as they are read. */
const CHECK_AT_ONCE = 2 ** 26;

export const npz: FileFormat = {
  format: 'npz',
  recognises: ({ archive, extension }: Sniffed) => archive !== null && (extension === 'npz' || [...archive.members.keys()].some((name) => name.endsWith('.npy'))),

  async open({ source, archive }: Sniffed, signal): Promise<Contents> {
    const file = source.name;
    const tensors: StoredTensor[] = [];
    const warnings: string[] = [];
    const other: string[] = [];
    let reason: InputError | null = null;
    const checkNow = archive!.unpackedSize <= CHECK_AT_ONCE;
    for (const [path, member] of archive!.members) {
      signal?.throwIfAborted();
      if (!path.endsWith('.npy')) {
        other.push(path);
        continue;
      }
      try {
        const { tensor, notes } = await openMember(path.slice(0, -4), member, file);
        if (checkNow) await member.verify();
        tensors.push(tensor);
        warnings.push(...notes);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        reason ??= error;
        warnings.push(`Left out: ${error.message}`);
      }
    }
    if (other.length > 0) warnings.push(`Left out, not arrays: ${listed(other)}.`);
    if (tensors.length > 0) return { tensors, metadata: new Map(), warnings, shared: [] };
    throw reason ?? refusal('no-tensors', file, archive!.members.size === 0 ? 'the archive is empty; expected .npy arrays. Save it again with np.savez.' : `the archive holds no .npy arrays (${listed(other)}). Save it again with np.savez.`);
  },
};

async function openMember(name: string, member: ZipMember, file: string): Promise<{ tensor: StoredTensor; notes: string[] }> {
  const { textBegin, end } = npyHeaderEnd(await member.peek(NPY_PREAMBLE), file, name);
  if (end > member.size) throw truncated(file, member.size, end, name);
  const header = parseNpyHeader((await member.peek(end)).subarray(textBegin), end, member.size - end, file, name);
  return { tensor: npyTensor(name, header, file, (b, e) => member.read(b, e)), notes: rawWarnings(header, name) };
}
