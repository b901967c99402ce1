/** Files out of a drop or a file picker, with their paths. */
import type { NamedFile } from '../store/actions';

/** More files than this in one drop are a mistake (a home folder, a disk). */
const MOST_FILES = 10_000;

/** Entries must be taken from the event at once: they are gone after the first await. */
export function filesOfDrop(transfer: DataTransfer): Promise<NamedFile[]> {
  const entries = [...transfer.items].filter((i) => i.kind === 'file').map((i) => i.webkitGetAsEntry());
  const plain = [...transfer.files];
  return entries.some((e) => e)
    ? walk(entries.filter((e) => e !== null))
    : Promise.resolve(plain.map((file) => ({ file, name: file.name })));
}

export function filesOfPicker(list: FileList): NamedFile[] {
  return [...list].slice(0, MOST_FILES).map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

async function walk(entries: readonly FileSystemEntry[]): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  const waiting = [...entries];
  while (waiting.length > 0 && found.length < MOST_FILES) {
    const entry = waiting.shift()!;
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ file, name: entry.fullPath.replace(/^\//, '') });
    } else if (entry.isDirectory && !entry.name.startsWith('.'))
      waiting.push(...(await children(entry as FileSystemDirectoryEntry)));
  }
  return found;
}

/** A directory is read in pieces: an empty one is the end. */
async function children(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const piece = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (piece.length === 0) return all;
    all.push(...piece);
  }
}
