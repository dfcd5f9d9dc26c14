// The arena of a head memory: size classes with free lists, one writer. Freed blocks may still be read by query workers,
// so the append kernels never free: they put blocks into the retire buffer, and TypeScript frees them once every worker
// has passed the epoch.
import {
  H_BUMP, H_LIMIT, H_RETIRED, H_BYTES_IN_USE, FREE_LISTS, SMALL_STEP, SMALL_CLASSES, RETIRE_BUFFER, RETIRE_CAPACITY,
} from './layout'

@inline export function classOf(bytes: u32): u32 {
  if (bytes <= SMALL_STEP * SMALL_CLASSES) return (bytes + SMALL_STEP - 1) / SMALL_STEP
  return SMALL_CLASSES + (32 - clz<u32>(bytes - 1)) - 12
}

@inline export function bytesOfClass(size: u32): u32 {
  return size <= SMALL_CLASSES ? size * SMALL_STEP : 1 << (size - SMALL_CLASSES + 12)
}

/** @returns address of a zeroed block of the class that holds `bytes`, 0 when the memory is full */
export function allocate(bytes: u32): u32 {
  const size = classOf(bytes)
  const list = FREE_LISTS + (<usize>size << 2)
  const length = bytesOfClass(size)
  let address = load<u32>(list)
  if (address != 0) {
    store<u32>(list, load<u32>(<usize>address))
    memory.fill(<usize>address, 0, <usize>length)
  } else {
    address = load<u32>(H_BUMP)
    const end = <u64>address + <u64>length
    if (end > <u64>load<u32>(H_LIMIT)) return 0
    store<u32>(H_BUMP, <u32>end)
  }
  store<u32>(H_BYTES_IN_USE, load<u32>(H_BYTES_IN_USE) + length)
  return address
}

/** Gives a block back at once: only for blocks that no reader can know. */
export function release(address: u32, size: u32): void {
  const list = FREE_LISTS + (<usize>size << 2)
  store<u32>(<usize>address, load<u32>(list))
  store<u32>(list, address)
  store<u32>(H_BYTES_IN_USE, load<u32>(H_BYTES_IN_USE) - bytesOfClass(size))
}

/** Marks a block as no longer referenced by new readers. */
export function retire(address: u32, size: u32): void {
  const count = load<u32>(H_RETIRED)
  if (count >= RETIRE_CAPACITY) return // leaked rather than corrupted; callers drain long before (see needsDrain)
  const entry = RETIRE_BUFFER + (<usize>count << 3)
  store<u32>(entry, address)
  store<u32>(entry, size, 4)
  store<u32>(H_RETIRED, count + 1)
}

export function allocationClass(bytes: u32): u32 { return classOf(bytes) }
export function allocationBytes(size: u32): u32 { return bytesOfClass(size) }
