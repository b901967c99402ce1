/** Compiles assembly/ to kernels.ts, the module as text, so that every host loads it in the same way and without a request. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import asc from 'assemblyscript/asc';

const HERE = import.meta.dirname;
/** No relaxed SIMD and no fast math: the error-free transformations in there need IEEE arithmetic to the letter. */
const OPTIONS = [
  ...['--optimizeLevel', '3', '--runtime', 'stub', '--noAssert', '--importMemory', '--noExportMemory'],
  ...['--enable', 'simd', '--disable', 'threads,relaxed-simd'],
];

/** The text of kernels.ts. */
export async function compileKernels(): Promise<string> {
  let binary: Uint8Array | null = null;
  const { error, stderr } = await asc.main(['main.ts', '--baseDir', join(HERE, 'assembly'), '--outFile', 'kernels.wasm', ...OPTIONS], {
    writeFile: (_name, contents) => void (binary = contents as Uint8Array),
  });
  if (error || !binary) throw new Error(`The kernels did not compile.\n${stderr.toString()}`);
  const base64 = Buffer.from(binary).toString('base64');
  return `/** Made from assembly/ by \`npm run wasm\`; not edited by hand. */\nexport const kernels =\n  '${base64}';\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(join(HERE, 'kernels.ts'), await compileKernels());
