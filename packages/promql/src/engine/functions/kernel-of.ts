import { COLUMN_KERNELS, type ColumnKernel } from './column-kernels.ts'
import { quantileKernel } from './quantile-kernel.ts'

/**
 * The kernel of a range function with these scalar arguments.
 * @returns undefined when it is evaluated window by window
 */
export function kernelOf(name: string, scalars: readonly Float64Array[]): ColumnKernel | undefined {
  if (name !== 'quantile_over_time') return COLUMN_KERNELS.get(name)
  const quantiles = scalars[0]!
  // Others are warned about at each step.
  return quantiles.every((quantile) => quantile >= 0 && quantile <= 1) ? quantileKernel(quantiles) : undefined
}
