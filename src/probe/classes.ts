/** Classes of pictures by the folders in which they lie, as torchvision's ImageFolder has them: the sorted names of the folders count from 0. */

export interface Classes {
  readonly names: readonly string[];
  /** The class of each picture. */
  readonly labels: readonly number[];
}

/** @param paths with their folders: 'pictures/dog/a.png'. Null where they do not all lie in two or more folders of one folder. */
export function classesOf(paths: readonly string[]): Classes | null {
  const folders = paths.map((path) => path.split('/').slice(0, -1));
  const [first] = folders;
  if (!first) return null;
  // What lies above the classes is what all have in common.
  let shared = 0;
  while (folders.every((folder) => folder.length > shared && folder[shared] === first[shared])) shared++;
  if (folders.some((folder) => folder.length <= shared)) return null;
  const names = [...new Set(folders.map((folder) => folder[shared]!))].sort();
  return { names, labels: folders.map((folder) => names.indexOf(folder[shared]!)) };
}

/** Places of pictures, one of each class in turn: the first few of them have all classes. */
export function inTurn({ names, labels }: Classes): number[] {
  const turns = new Array<number>(names.length).fill(0);
  const turn = labels.map((label) => turns[label]!++);
  return labels.map((_, i) => i).sort((i, j) => turn[i]! - turn[j]! || labels[i]! - labels[j]!);
}

/** "0 is 'cat', 1 is 'dog'" */
export function classWords({ names }: Classes): string {
  const shown = names.slice(0, 6).map((name, i) => `${i} is '${name}'`).join(', ');
  return names.length > 6 ? `${shown} and so on up to ${names.length - 1}` : shown;
}
