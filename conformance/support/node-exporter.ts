import { freePort, Program } from './program.ts'

export async function startNodeExporter(command: string, flags: readonly string[] = []): Promise<Program> {
  const port = await freePort()
  return new Program(
    command,
    [`--web.listen-address=127.0.0.1:${port}`, ...flags],
    `http://127.0.0.1:${port}`,
  ).ready('/metrics')
}
