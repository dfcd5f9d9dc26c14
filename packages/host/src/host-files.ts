import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the kernel's files are; other roots in tests, or when the host's are mounted elsewhere. */
export interface HostRoots {
  readonly proc: string
  readonly sys: string
  readonly etc: string
}

export const SYSTEM_ROOTS: HostRoots = { proc: '/proc', sys: '/sys', etc: '/etc' }

/** A file of the kernel that is not there: that collector has nothing to say on this machine. */
export class NoDataError extends Error {
  override readonly name = 'NoDataError'
}

/** Reads small kernel files. */
export class HostFiles {
  readonly roots: HostRoots

  constructor(roots: HostRoots = SYSTEM_ROOTS) {
    this.roots = roots
  }

  /** @throws NoDataError when it does not exist or may not be read */
  async read(root: keyof HostRoots, path: string): Promise<string> {
    const text = await this.tryRead(root, path)
    if (text === undefined) throw new NoDataError(`${join(this.roots[root], path)} cannot be read`)
    return text
  }

  async tryRead(root: keyof HostRoots, path: string): Promise<string | undefined> {
    return readFile(join(this.roots[root], path), 'utf8').catch(() => undefined)
  }

  async lines(root: keyof HostRoots, path: string): Promise<string[]> {
    return nonEmptyLines(await this.read(root, path))
  }

  /** Names in a folder; none when it does not exist. */
  async list(root: keyof HostRoots, path: string): Promise<string[]> {
    return readdir(join(this.roots[root], path)).catch(() => [])
  }
}

export function nonEmptyLines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

export function words(line: string): string[] {
  return line.trim().split(/\s+/)
}
