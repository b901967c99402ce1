/** Compiles assembly/ to kernels.ts, the modules as text, so that every host loads them in the same way and without a request. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import asc from 'assemblyscript/asc';

const HERE = import.meta.dirname;
const OPTIONS = ['--optimizeLevel', '3', '--runtime', 'stub', '--noAssert', '--importMemory', '--noExportMemory'];
/** No relaxed SIMD and no fast math where error-free transformations need IEEE arithmetic to the letter. */
const STRICT = ['--enable', 'simd', '--disable', 'threads,relaxed-simd'];
const RELAXED = ['--enable', 'simd,relaxed-simd', '--disable', 'threads'];

/** The text of kernels.ts. */
export async function compileKernels(): Promise<string> {
  const [strict, relaxed, bytes] = [await compile('main.ts', STRICT), await compile('relaxed.ts', RELAXED), await compile('relaxed-bytes.ts', RELAXED)];
  return (
    '/** Made from assembly/ by `npm run wasm`; not edited by hand. */\n' +
    `export const kernels =\n  '${strict}';\n\n` +
    `/** Those that relaxed SIMD makes faster. */\nexport const relaxedKernels =\n  '${relaxed}';\n\n` +
    `/** That for which a processor may have an instruction. */\nexport const byteKernels =\n  '${bytes}';\n`
  );
}

/** A module in base64. */
async function compile(entry: string, features: readonly string[]): Promise<string> {
  let binary: Uint8Array | null = null;
  const { error, stderr } = await asc.main([entry, '--baseDir', join(HERE, 'assembly'), '--outFile', 'kernels.wasm', ...OPTIONS, ...features], {
    writeFile: (_name, contents) => void (binary = contents as Uint8Array),
  });
  if (error || !binary) throw new Error(`The kernels did not compile.\n${stderr.toString()}`);
  return Buffer.from(binary).toString('base64');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(join(HERE, 'kernels.ts'), await compileKernels());
