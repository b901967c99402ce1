/** Kernels that compute the same in different ways: which of them an adapter runs. */
import type { Kernel } from './kernel';
import type { KernelQueue } from './kernel-queue';

/** By name: `shared` runs everywhere, `quad` is the better guess for software adapters. */
export type Family<Variant extends { readonly kernel: Kernel }> = Readonly<Record<'shared' | 'quad', Variant> & Record<string, Variant>>;

/** The variant that was measured to be the fastest here, else the one that the kind of adapter suggests. */
export function chosenVariant<Variant extends { readonly kernel: Kernel }>(queue: KernelQueue, name: string, family: Family<Variant>): Variant {
  const tuned = Object.hasOwn(family, queue.tuning[name] ?? '') ? family[queue.tuning[name]!] : undefined;
  if (tuned && queue.supports(tuned.kernel)) return tuned;
  return queue.software && queue.supports(family.quad.kernel) ? family.quad : family.shared;
}

/** Names of the variants that the adapter has the features for. */
export function supportedVariants(queue: KernelQueue, family: Readonly<Record<string, { readonly kernel: Kernel }>>): string[] {
  return Object.keys(family).filter((name) => queue.supports(family[name]!.kernel));
}
