import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ROOT } from './program.ts'

/** Where a peer's program lies: in PATH, or in `.peers` where `tools/install-peers.sh` puts them. */
export function peer(name: string): string | undefined {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), join(ROOT, '.peers/usr/bin')]
  return places.map((place) => join(place, name)).find((path) => existsSync(path))
}

/** A program of Prometheus 2.42, Debian 12's: `tools/install-peers.sh` puts it beside the others, `PROMETHEUS_2_42` names another folder. */
export function olderPeer(name: string): string | undefined {
  const places = [process.env['PROMETHEUS_2_42'] ?? '', join(ROOT, '.peers/2.42/usr/bin')]
  return places.map((place) => join(place, name)).find((path) => existsSync(path))
}

/** Runs a program to its end. */
export function run(
  command: string,
  args: readonly string[],
  input?: string | Uint8Array,
): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...(input === undefined ? {} : { input }),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (error) throw error
  return { code: status, stdout, stderr }
}
