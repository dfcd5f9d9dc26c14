import { integerOf, objectOf, objectsOf, stringMapOf, stringOf, stringsOf } from '../json.ts'
import type { JsonObject } from '../json.ts'
import { hostPort, labelNamePart } from '../label-name.ts'
import { ADDRESS } from '../target-group.ts'
import type { TargetGroup } from '../target-group.ts'

const PREFIX = '__meta_consul_'

/**
 * The instances of a service as `/v1/health/service/NAME` lists them.
 * @param datacenter where they were asked for
 */
export function serviceGroup(
  name: string,
  datacenter: string,
  entries: unknown,
  tagSeparator: string,
): TargetGroup {
  return {
    source: name,
    labels: { [`${PREFIX}service`]: name, [`${PREFIX}dc`]: datacenter },
    targets: objectsOf(entries).map((entry) => instanceLabels(entry, tagSeparator)),
  }
}

function instanceLabels(entry: JsonObject, separator: string): Record<string, string> {
  const node = objectOf(entry['Node'])
  const service = objectOf(entry['Service'])
  const nodeAddress = stringOf(node['Address'])
  const serviceAddress = stringOf(service['Address'])
  const port = String(integerOf(service['Port']))
  return {
    // A service may be registered by another node than the one it runs on.
    [ADDRESS]: hostPort(serviceAddress === '' ? nodeAddress : serviceAddress, port),
    [`${PREFIX}address`]: nodeAddress,
    [`${PREFIX}node`]: stringOf(node['Node']),
    [`${PREFIX}namespace`]: stringOf(service['Namespace']),
    [`${PREFIX}partition`]: stringOf(service['Partition']),
    // Separators around the list: a rule's expression need not know where a tag stands.
    [`${PREFIX}tags`]: separator + stringsOf(service['Tags']).join(separator) + separator,
    [`${PREFIX}service_address`]: serviceAddress,
    [`${PREFIX}service_port`]: port,
    [`${PREFIX}service_id`]: stringOf(service['ID']),
    [`${PREFIX}health`]: worstStatus(objectsOf(entry['Checks'])),
    ...prefixed('metadata', node['Meta']),
    ...prefixed('service_metadata', service['Meta']),
    ...prefixed('tagged_address', node['TaggedAddresses']),
  }
}

function prefixed(what: string, pairs: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(stringMapOf(pairs)).map(([name, value]) => [
      `${PREFIX}${what}_${labelNamePart(name)}`,
      value,
    ]),
  )
}

/** One word for all checks: maintenance counts most, then critical, then warning. */
function worstStatus(checks: readonly JsonObject[]): string {
  const isMaintenance = checks.some(({ CheckID: id }) => {
    const text = stringOf(id)
    return text === '_node_maintenance' || text.startsWith('_service_maintenance:')
  })
  if (isMaintenance) return 'maintenance'
  const known = ['critical', 'warning', 'passing']
  const statuses = checks.map(({ Status: status }) => stringOf(status))
  if (statuses.some((status) => !known.includes(status))) return ''
  return known.find((status) => statuses.includes(status)) ?? 'passing'
}
