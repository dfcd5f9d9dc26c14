/** What the WebAssembly module exports. Pointers are byte addresses in the memory that the instance was made on. */
export interface Kernels {
  layoutSeriesBytes(): number
  layoutSealedBytes(): number
  layoutFixedEnd(): number
  layoutHeader(): number
  /** Address of a zeroed block for at least `bytes`, 0 when the memory is full. May exceed 2^31: use `>>> 0`. */
  allocate(bytes: number): number
  release(address: number, sizeClass: number): void
  retire(address: number, sizeClass: number): void
  allocationClass(bytes: number): number
  allocationBytes(sizeClass: number): number
  xorDecode(chunk: number, length: number, count: number, times: number, values: number): number
  xorDecodeRun(
    bytes: number,
    length: number,
    starts: number,
    chunks: number,
    capacity: number,
    times: number,
    values: number,
    crcTable: number,
    result: number,
  ): void
  pickSteps(
    times: number,
    values: number,
    count: number,
    firstMs: number,
    widthMs: number,
    offsetMs: number,
    windowMs: number,
    steps: number,
    out: number,
    flags: number,
  ): number
  sameNumbers(a: number, b: number, count: number): number
  lookAtValues(values: number, count: number): number
  xorEncode(state: number, chunk: number, times: number, values: number, count: number): number
  headCheck(
    refs: number,
    times: number,
    values: number,
    statuses: number,
    count: number,
    minTimeMs: number,
    maxTimeMs: number,
  ): number
  headApply(
    refs: number,
    times: number,
    values: number,
    statuses: number,
    count: number,
    minTimeMs: number,
    maxTimeMs: number,
    rangeMs: number,
  ): number
  headSeal(series: number): number
  walEncodeSamples(
    refs: number,
    times: number,
    values: number,
    statuses: number,
    count: number,
    out: number,
  ): number
  walDecodeSamples(record: number, length: number, refs: number, times: number, values: number): number
  crc32cInit(table: number): void
  crc32c(table: number, bytes: number, length: number, seed: number): number
}

/** The kernels on one memory. Several instances may share a memory: they keep no state of their own. */
export interface KernelInstance<T = Kernels> {
  readonly memory: WebAssembly.Memory
  readonly kernels: T
}

/** Bytes of a WebAssembly page. */
export const PAGE_BYTES = 65536

/**
 * Instantiates the module on `memory`, which must be shared and have at least 16 pages.
 * `T` adds kernels that a package declares for itself.
 */
export function instantiateKernels<T = Kernels>(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): KernelInstance<T> {
  const abort = (_message: number, _file: number, line: number, column: number): never => {
    throw new Error(`BUG: kernel aborted at ${line}:${column}`)
  }
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } })
  return { memory, kernels: instance.exports as T }
}
