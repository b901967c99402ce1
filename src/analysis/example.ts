/** A bundled example with a known answer: `public/examples/index.json` lists them. */
import { z } from 'zod';
import { SIDES, type Report } from './report';
import { Request } from './request';

export const Example = z.object({
  /** Used in links: stable. */
  id: z.string().regex(/^[a-z0-9-]{1,64}$/),
  title: z.string().max(100),
  /** One sentence: what it is and what makes it dead. */
  description: z.string().max(300),
  /** Files below `examples/`, the checkpoint first. */
  files: z.array(z.string().regex(/^[A-Za-z0-9._-]{1,100}$/)).min(1).max(8),
  request: Request.partial(),
  /** The known answer in words: 'deficit 3 after the first layer'. */
  answer: z.string().max(200),
  /** The layer that shows it. */
  focus: z.object({ layer: z.string(), side: z.enum(SIDES) }),
  /** What a right analysis must find. */
  expect: z.array(z.object({ layer: z.string(), side: z.enum(SIDES), deficit: z.int().min(0) })).min(1),
});
export const Gallery = z.array(Example);
export type Example = z.infer<typeof Example>;

/** Whether a report gives the known answer; null while a spectrum that it needs is missing. */
export function agrees(example: Example, report: Report): boolean | null {
  let all = true;
  for (const { layer, side, deficit } of example.expect) {
    const found = report.spectra.find((s) => s.tap.layer === layer && s.tap.side === side);
    if (!found) return null;
    all &&= found.deficit === deficit;
  }
  return all;
}
