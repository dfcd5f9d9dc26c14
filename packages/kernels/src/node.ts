import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

let compiled: WebAssembly.Module | undefined

/**
 * Compiles the kernels once per thread.
 * @throws Error when they have not been built
 */
export function loadKernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(kernelFile()))
  return compiled
}

/** Beside the bundle when bundled, in `build/` when run from the sources. */
function kernelFile(): string {
  const places = ['./kernels.wasm', '../build/kernels.wasm'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  )
  const found = places.find((place) => existsSync(place))
  if (found === undefined)
    throw new Error(`the kernels are not built: none of ${places.join(', ')} exists; run 'npm run build'`)
  return found
}
