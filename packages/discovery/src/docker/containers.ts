import { integerOf, objectOf, objectsOf, stringMapOf, stringOf, stringsOf } from '../json.ts'
import type { JsonObject } from '../json.ts'
import { hostPort, labelNamePart } from '../label-name.ts'
import { ADDRESS } from '../target-group.ts'
import type { DockerSdConfig } from './config.ts'

const PREFIX = '__meta_docker_'

type LabelMap = Record<string, string>

/** A network that a container hangs on. */
interface Attachment {
  readonly name: string
  readonly networkId: string
  readonly ip: string
}

interface Container {
  readonly id: string
  readonly networkMode: string
  readonly networks: readonly Attachment[]
  readonly labels: LabelMap
  readonly ports: readonly {
    readonly ip: string
    readonly privatePort: number
    readonly publicPort: number
  }[]
}

/**
 * Targets of the containers that `/containers/json` lists: one per network and TCP port.
 * @param networks the answer of `/networks`
 */
export function containerTargets(
  containers: unknown,
  networks: unknown,
  config: DockerSdConfig,
): Readonly<Record<string, string>>[] {
  const all = objectsOf(containers).filter((json) => stringsOf(json['Names']).length > 0)
  const read = all.map(readContainer)
  const byId = new Map(objectsOf(containers).map((json) => [stringOf(json['Id']), readContainer(json)]))
  const networkLabels = new Map(
    objectsOf(networks).map((json) => [stringOf(json['Id']), labelsOfNetwork(json)]),
  )
  return read.flatMap((container) =>
    attachmentsOf(container, byId, config.match_first_network).flatMap((network) => {
      const common = { ...container.labels, ...networkLabels.get(network.networkId) }
      return attachmentTargets(container, network, config).map((labels) => ({ ...labels, ...common }))
    }),
  )
}

function readContainer(json: JsonObject): Container {
  const id = stringOf(json['Id'])
  const networkMode = stringOf(objectOf(json['HostConfig'])['NetworkMode'])
  const labels: LabelMap = {
    [`${PREFIX}container_id`]: id,
    [`${PREFIX}container_name`]: stringsOf(json['Names'])[0] ?? '',
    [`${PREFIX}container_network_mode`]: networkMode,
  }
  if (stringOf(json['Image']) !== '') labels[`${PREFIX}container_image`] = stringOf(json['Image'])
  if (stringOf(json['ImageID']) !== '') labels[`${PREFIX}container_image_id`] = stringOf(json['ImageID'])
  for (const [name, value] of Object.entries(stringMapOf(json['Labels'])))
    labels[`${PREFIX}container_label_${labelNamePart(name)}`] = value
  return {
    id,
    networkMode,
    labels,
    networks: readAttachments(objectOf(objectOf(json['NetworkSettings'])['Networks'])),
    ports: objectsOf(json['Ports'])
      .filter(({ Type }) => Type === 'tcp')
      .map((port) => ({
        ip: stringOf(port['IP']),
        privatePort: integerOf(port['PrivatePort']),
        publicPort: integerOf(port['PublicPort']),
      })),
  }
}

function readAttachments(networks: JsonObject): Attachment[] {
  return Object.entries(networks)
    .filter(([, value]) => value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      const json = objectOf(value)
      const ip = stringOf(json['IPAddress']) || stringOf(json['GlobalIPv6Address'])
      return { name, networkId: stringOf(json['NetworkID']), ip }
    })
}

/** A container without networks of its own may share another one's (`container:ID`), and that one's another's. */
function attachmentsOf(
  container: Container,
  byId: ReadonlyMap<string, Container>,
  firstOnly: boolean,
): readonly Attachment[] {
  let owner: Container | undefined = container
  const seen = new Set<Container>()
  while (owner !== undefined && owner.networks.length === 0 && !seen.has(owner)) {
    seen.add(owner)
    const shared = /^container:(.*)$/.exec(owner.networkMode)
    owner = shared === null ? undefined : byId.get(shared[1]!)
  }
  const networks = owner?.networks ?? []
  return firstOnly ? networks.slice(0, 1) : networks
}

function attachmentTargets(
  { ports, networkMode }: Container,
  { ip }: Attachment,
  config: DockerSdConfig,
): LabelMap[] {
  if (ports.length === 0) {
    const address = networkMode === 'host' ? config.host_networking_host : hostPort(ip, config.port)
    return [{ [ADDRESS]: address, [`${PREFIX}network_ip`]: ip }]
  }
  return ports.map(({ ip: publicIp, privatePort, publicPort }) => ({
    [ADDRESS]: hostPort(ip, privatePort),
    [`${PREFIX}network_ip`]: ip,
    [`${PREFIX}port_private`]: String(privatePort),
    ...(publicPort > 0
      ? { [`${PREFIX}port_public`]: String(publicPort), [`${PREFIX}port_public_ip`]: publicIp }
      : {}),
  }))
}

function labelsOfNetwork(json: JsonObject): LabelMap {
  const labels: LabelMap = {
    [`${PREFIX}network_id`]: stringOf(json['Id']),
    [`${PREFIX}network_name`]: stringOf(json['Name']),
    [`${PREFIX}network_scope`]: stringOf(json['Scope']),
    [`${PREFIX}network_internal`]: String(json['Internal'] === true),
    [`${PREFIX}network_ingress`]: String(json['Ingress'] === true),
  }
  for (const [name, value] of Object.entries(stringMapOf(json['Labels'])))
    labels[`${PREFIX}network_label_${labelNamePart(name)}`] = value
  return labels
}
