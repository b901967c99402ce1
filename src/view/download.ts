/** Hands a file to the person. */
export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** 'run/model.safetensors' -> 'model' */
export function stem(name: string): string {
  return (
    slug(
      name
        .split('/')
        .at(-1)!
        .replace(/\.[^.]+$/, ''),
    ) || 'deadreckon'
  );
}

/** Only letters, digits, dot, dash and underscore stay. */
export function slug(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80);
}
