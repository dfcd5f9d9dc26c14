import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '@promontory/base'
import { StorageError } from './errors.ts'

/**
 * Takes Prometheus's lock on a data directory: `flock(2)` on the file `lock`. Node has no call for it, but such a lock
 * belongs to the open file, not to a process: util-linux's `flock` takes it on a descriptor that it inherits from us,
 * and it stays ours after that process has ended.
 * @returns a function that gives the lock back
 * @throws StorageError when another process holds it
 */
export function lockDirectory(directory: string, logger: Logger): () => void {
  const path = join(directory, 'lock')
  let file: number
  try {
    file = openSync(path, 'a+', 0o666)
  } catch (error) {
    throw new StorageError(`cannot open the lock file ${path}: ${(error as Error).message}`, { cause: error })
  }
  const result = spawnSync('flock', ['-xn', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', file],
    timeout: 5000,
  })
  if (result.status === 1) {
    closeSync(file)
    throw new StorageError(
      `the data directory ${directory} is locked: another Prometheus or Promontory is using it`,
    )
  }
  if (result.status !== 0)
    logger.warn('the data directory is not locked: the program flock is not there', {
      directory,
      error: result.error?.message ?? result.stderr?.toString().trim(),
    })
  return () => closeSync(file)
}
