import { request } from 'node:http'

/** What Docker knows of a container, by the container's id. */
export interface ContainerName {
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
}

const SOCKET = '/var/run/docker.sock'
const TIMEOUT_MS = 1000
/** A list of containers larger than this is none. */
const ANSWER_BYTES_MAX = 8 << 20

/** Names and images of running containers; empty when there is no Docker, or it may not be asked. */
export async function dockerContainers(
  socketPath: string = SOCKET,
): Promise<ReadonlyMap<string, ContainerName>> {
  const containers = new Map<string, ContainerName>()
  try {
    const list = JSON.parse(await ask(socketPath, '/containers/json')) as {
      Id: string
      Names?: string[]
      Image?: string
      Labels?: Record<string, string>
    }[]
    for (const { Id, Names = [], Image = '', Labels = {} } of list)
      containers.set(Id, { name: (Names[0] ?? '').replace(/^\//, ''), image: Image, labels: Labels })
  } catch {
    // No socket, no permission, or not Docker: containers go by their id.
  }
  return containers
}

function ask(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: TIMEOUT_MS }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > ANSWER_BYTES_MAX) asked.destroy(new Error('answer too large'))
      })
      response.on('end', () => resolve(text))
      response.on('error', reject)
    })
    asked.on('timeout', () => asked.destroy(new Error('timeout')))
    asked.on('error', reject)
    asked.end()
  })
}
