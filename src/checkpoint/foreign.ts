/** Files that people drop and that are not read here: what each is, and how to turn it into one that is. */
import type { InputError } from '../base/errors';
import { baseName, type Sniffed } from './format';
import { refusal } from './refusal';

interface ForeignKind {
  code: string;
  matches: (file: Sniffed, start: string, base: string) => boolean;
  sentence: string;
}

const begins = (...magics: string[]) => (_: Sniffed, start: string) => magics.some((magic) => start.startsWith(magic));
const FETCH = 'Fetch the file itself.';
const UNPACK = 'Unpack it, then drop what was inside.';

const SAVE_TREE = 'np.savez("weights.npz", **{"/".join(map(str, k)): np.asarray(v) for k, v in flatten_dict(tree).items()})';

/** Known by name alone, whatever the content. */
const BY_NAME: readonly ForeignKind[] = [
  {
    code: 'orbax',
    matches: (file, _, base) => ['_METADATA', '_CHECKPOINT_METADATA', 'manifest.ocdbt', '_sharding'].includes(base) || /(^|\/)(ocdbt\.process_[^/]*\/.+|d\/[0-9a-f]{32})$/.test(file.source.name),
    sentence: `it is part of an Orbax (OCDBT) checkpoint folder, which is not read here. In Python: import orbax.checkpoint as ocp, numpy as np; from flax.traverse_util import flatten_dict; tree = ocp.StandardCheckpointer().restore(folder); ${SAVE_TREE}.`,
  },
  {
    code: 'distcp',
    matches: (file, _, base) => file.extension === 'distcp' || base === '.metadata',
    sentence: 'it is one piece of a torch.distributed checkpoint, which is not read here. In Python: from torch.distributed.checkpoint.format_utils import dcp_to_torch_save; dcp_to_torch_save(folder, "state_dict.pt").',
  },
  { code: 'tfjs', matches: (_, __, base) => /^group\d+-shard\d+of\d+(\.bin)?$/.test(base), sentence: 'it is a weight shard of a TensorFlow.js model; no model.json that names it was dropped. Drop it together with its model.json: the folder, or all of its files.' },
  { code: 'tensorflow', matches: (_, __, base) => /\.(data-\d{5}-of-\d{5}|ckpt-\d+\.index)$/.test(base) || base === 'saved_model.pb', sentence: 'it is part of a TensorFlow checkpoint, which is not read here. In Python: import tensorflow as tf, numpy as np; r = tf.train.load_checkpoint(folder); np.savez("weights.npz", **{k: r.get_tensor(k) for k in r.get_variable_to_shape_map()}).' },
];

/** Known by their first bytes. */
const BY_CONTENT: readonly ForeignKind[] = [
  { code: 'empty-file', matches: (file) => file.source.size === 0, sentence: 'the file is empty (0 bytes); expected a checkpoint. Fetch it again.' },
  { code: 'git-lfs', matches: begins('version https://git-lfs'), sentence: `it is a git-lfs pointer, a few lines of text in place of the weights. Run "git lfs pull" in its repository, or download it from its page. ${FETCH}` },
  { code: 'html', matches: (_, start) => /^\s*<(!doctype|html|head|body|\?xml)/i.test(start), sentence: `it is a web page (HTML), perhaps a login or error page that was saved in its place. ${FETCH}` },
  {
    code: 'gguf',
    matches: begins('GGUF', 'FUGG'),
    sentence: 'it is a GGUF file, whose tensors are mostly quantised, and is not read here. Use the original safetensors, or in Python: from gguf import GGUFReader; import numpy as np; np.savez("weights.npz", **{t.name: t.data for t in GGUFReader(path).tensors if t.tensor_type.name in ("F32", "F16")}).',
  },
  { code: 'gzip', matches: begins('\x1f\x8b'), sentence: `it is compressed with gzip. Run gunzip on it. ${UNPACK}` },
  { code: 'rar', matches: begins('Rar!\x1a\x07'), sentence: `it is a RAR archive; expected a zip (npz, pt) or a plain checkpoint. ${UNPACK}` },
  { code: '7z', matches: begins('7z\xbc\xaf\x27\x1c'), sentence: `it is a 7z archive; expected a zip (npz, pt) or a plain checkpoint. ${UNPACK}` },
  { code: 'compressed', matches: begins('\xfd7zXZ\0', '\x28\xb5\x2f\xfd', 'BZh'), sentence: `it is compressed (xz, zstd or bzip2). ${UNPACK}` },
  { code: 'tar', matches: (file) => String.fromCharCode(...file.head.subarray(257, 262)) === 'ustar', sentence: `it is a tar archive. ${UNPACK}` },
  { code: 'png', matches: begins('\x89PNG'), sentence: 'it begins like a PNG picture, but its signature was changed on its way (as when line ends are converted). Fetch it again.' },
  { code: 'jpeg', matches: begins('\xff\xd8\xff'), sentence: 'it is a JPEG picture; expected a checkpoint. Drop the file with the weights.' },
  { code: 'pdf', matches: begins('%PDF'), sentence: 'it is a PDF document; expected a checkpoint. Drop the file with the weights.' },
  { code: 'utf16', matches: begins('\xff\xfe', '\xfe\xff'), sentence: 'it is UTF-16 text; expected UTF-8 text or a checkpoint. Save it as UTF-8 (PowerShell: -Encoding utf8).' },
  { code: 'python-source', matches: (file, start) => file.extension === 'py' || /^(\uFEFF|#[^\n]*\n|\s|"""[^"]*""")*(import [\w.]+|from [\w.]+ import|def \w+\(|class \w+[(:])/.test(start) || start.startsWith('#!'), sentence: 'it is Python source code; expected weights. Run it to make a checkpoint: torch.save(model.state_dict(), "state_dict.pt").' },
  {
    code: 'flax',
    matches: (file) => file.extension === 'msgpack' || ((file.head[0]! >> 4 === 8 && file.head[0] !== 0x80) || file.head[0] === 0xde || file.head[0] === 0xdf ? isMsgpackKey(file.head) : false),
    sentence: `it is a Flax msgpack file, which is not read here. In Python: import numpy as np; from flax.serialization import msgpack_restore; from flax.traverse_util import flatten_dict; tree = msgpack_restore(open(path, "rb").read()); ${SAVE_TREE}.`,
  },
];

/** A map whose first key is a short text of letters. */
function isMsgpackKey(head: Uint8Array): boolean {
  const at = head[0] === 0xde ? 3 : head[0] === 0xdf ? 5 : 1;
  const length = head[at]! >> 5 === 5 ? head[at]! & 31 : 0;
  return length > 0 && /^[\w/]+$/.test(String.fromCharCode(...head.subarray(at + 1, at + 1 + length)));
}

/** The refusal for a file that its name alone gives away; null for any other. */
export function foreignByName(file: Sniffed): InputError | null {
  return find(BY_NAME, file);
}

/** The refusal for a file of a kind that is known and not read; null for any other. */
export function foreignByContent(file: Sniffed): InputError | null {
  return find(BY_CONTENT, file);
}

function find(kinds: readonly ForeignKind[], file: Sniffed): InputError | null {
  const start = String.fromCharCode(...file.head);
  const kind = kinds.find((k) => k.matches(file, start, baseName(file.source.name)));
  return kind ? refusal(kind.code, file.source.name, kind.sentence) : null;
}

const EXPECTED = new Map([
  ['npz', 'a zip archive of numpy arrays (np.savez)'],
  ['pt', 'a file of torch.save'], ['pth', 'a file of torch.save'], ['bin', 'a file of torch.save or raw weights with their index'], ['ckpt', 'a file of torch.save'],
]);

/** The refusal for anything else. */
export function unrecognised({ source, head, archive, extension }: Sniffed): InputError {
  if (String.fromCharCode(...head.subarray(0, 2)) === 'PK') {
    if (archive === null) return refusal('zip-directory', source.name, 'it begins like a zip archive (PyTorch, npz), but the directory at its end is missing. The file is cut: fetch it again.');
    if (archive.members.size === 0) return refusal('empty-archive', source.name, 'it is an empty zip archive; expected a data.pkl (PyTorch) or .npy arrays (numpy) inside. Save it again.');
  }
  if (archive !== null) return refusal('plain-zip', source.name, `it is a zip archive with neither a data.pkl (PyTorch) nor .npy arrays (numpy) inside. ${UNPACK}`);
  const bytes = Array.from(head.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ');
  const expected = EXPECTED.get(extension) ?? 'safetensors, PyTorch (.pt), Keras (.keras, .h5), ONNX, npz or npy';
  return refusal('unrecognised', source.name, `its first bytes (${bytes}) are of no format that is known here; expected ${expected}. It may be damaged or cut: fetch it again, or save it as safetensors.`);
}
