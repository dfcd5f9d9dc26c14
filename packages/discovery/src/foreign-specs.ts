/** What is known of the mechanisms that this program does not run: enough to check their configuration as upstream does. */
export interface ForeignSpec {
  /** Go's package, for error texts. */
  readonly package: string
  /** Fields besides those of the HTTP client block; a `!` marks a secret. */
  readonly fields: string
  /** Whether the HTTP client block belongs to it. */
  readonly http: boolean
  /** What is wrong; `get` gives the text of a scalar field, `''` when absent. */
  readonly check?: (get: (field: string) => string, has: (field: string) => boolean) => string | undefined
}

const AWS = 'region endpoint access_key secret_key! profile role_arn external_id refresh_interval port'

function roles(
  mechanism: string,
  known: readonly string[],
  missing: string,
): NonNullable<ForeignSpec['check']> {
  return (get) => {
    const role = get('role')
    if (role === '') return missing
    return known.includes(role) ? undefined : `unknown ${mechanism}role "${role}"`
  }
}

function twoSecrets(get: (field: string) => string): string | undefined {
  const count = [get('secret_key'), get('secret_key_file')].filter((text) => text !== '').length
  if (count === 0) return 'one of secret_key & secret_key_file must be configured'
  return count === 2 ? 'at most one of secret_key & secret_key_file must be configured' : undefined
}

function httpUrlFault(text: string): string | undefined {
  if (text === '') return 'URL is missing'
  if (!/^https?:/i.test(text)) return "URL scheme must be 'http' or 'https'"
  return /^https?:\/\/[^/?#]+/i.test(text) ? undefined : 'host is missing in URL'
}

function firstMissing(
  get: (field: string) => string,
  texts: Readonly<Record<string, string>>,
): string | undefined {
  const missing = Object.keys(texts).find((field) => get(field).trim() === '')
  return missing === undefined ? undefined : texts[missing]
}

function azureFault(get: (field: string) => string): string | undefined {
  const method = get('authentication_method') || 'OAuth'
  const needed = [
    'subscription_id',
    ...(method === 'OAuth' ? ['tenant_id', 'client_id', 'client_secret'] : []),
  ]
  const missing = needed.find((field) => get(field) === '')
  if (missing !== undefined) return `azure SD configuration requires a ${missing}`
  return ['OAuth', 'ManagedIdentity', 'SDK', 'WorkloadIdentity'].includes(method)
    ? undefined
    : `unknown authentication_type "${method}". Supported types are "OAuth", "ManagedIdentity", "SDK" or "WorkloadIdentity"`
}

function marathonFault(get: (field: string) => string, has: (field: string) => boolean): string | undefined {
  if (!has('servers')) return 'marathon_sd: must contain at least one Marathon server'
  const token = get('auth_token') !== ''
  const file = get('auth_token_file') !== ''
  if (token && file) return 'marathon_sd: at most one of auth_token & auth_token_file must be configured'
  if (!token && !file) return undefined
  if (has('basic_auth'))
    return 'marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured'
  if (get('bearer_token') !== '' || get('bearer_token_file') !== '')
    return 'marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & auth_token_file must be configured'
  return has('authorization')
    ? 'marathon_sd: at most one of auth_token, auth_token_file & authorization must be configured'
    : undefined
}

function openstackFault(get: (field: string) => string): string | undefined {
  const availability = get('availability') || 'public'
  const role = get('role')
  if (role !== '' && !['instance', 'hypervisor', 'loadbalancer'].includes(role))
    return `unknown OpenStack SD role "${role}"`
  if (!['admin', 'internal', 'public'].includes(availability))
    return `unknown availability ${availability}, must be one of admin, internal or public`
  if (role === '') return 'role missing (one of: instance, hypervisor, loadbalancer)'
  return get('region') === '' ? 'openstack SD configuration requires a region' : undefined
}

function swarmFault(get: (field: string) => string): string | undefined {
  if (get('host') === '') return 'host missing'
  const role = get('role')
  if (role === '') return 'role missing (one of: tasks, services, nodes)'
  return ['tasks', 'services', 'nodes'].includes(role)
    ? undefined
    : `invalid role ${role}, expected tasks, services, or nodes`
}

function eurekaFault(get: (field: string) => string): string | undefined {
  if (get('server') === '') return 'eureka_sd: empty or null eureka server'
  return /^[a-z][a-z0-9+.-]*:\/\/[^/]+/i.test(get('server'))
    ? undefined
    : 'eureka_sd: invalid eureka server URL'
}

function stackitFault(get: (field: string) => string): string | undefined {
  const endpoint = get('endpoint')
  if (endpoint === '' && get('region') === '') return 'stackit_sd: endpoint and region missing'
  return /^:|\s|%(?![0-9a-f]{2})/i.test(endpoint) || /:\/\/[^/]*:[^/0-9]/.test(endpoint)
    ? `stackit_sd: invalid endpoint "${endpoint}"`
    : undefined
}

function ociFault(get: (field: string) => string): string | undefined {
  if (get('region') === '') return 'oci_sd: region is required'
  const auth = get('auth') || 'api_key'
  if (auth === 'api_key') return ociKeyFault(get)
  if (auth !== 'instance_principal')
    return `oci_sd: unknown auth method "${auth}", expected "api_key" or "instance_principal"`
  return OCI_KEY_FIELDS.every((field) => get(field) === '')
    ? undefined
    : 'oci_sd: instance_principal auth must not have tenancy, user, fingerprint, key_file, key_passphrase, or key_passphrase_file set'
}

const OCI_KEY_FIELDS = ['tenancy', 'user', 'fingerprint', 'key_file', 'key_passphrase', 'key_passphrase_file']

function ociKeyFault(get: (field: string) => string): string | undefined {
  const missing = OCI_KEY_FIELDS.slice(0, 4).find((field) => get(field) === '')
  if (missing !== undefined) return `oci_sd: api_key auth requires ${missing}`
  return get('key_passphrase') !== '' && get('key_passphrase_file') !== ''
    ? 'oci_sd: at most one of key_passphrase and key_passphrase_file must be configured'
    : undefined
}

function ovhcloudFault(get: (field: string) => string): string | undefined {
  const missing = firstMissing(get, {
    application_key: 'application key can not be empty',
    application_secret: 'application secret can not be empty',
    consumer_key: 'consumer key can not be empty',
  })
  if (missing !== undefined) return missing
  return ['dedicated_server', 'vps'].includes(get('service'))
    ? undefined
    : `unknown service: ${get('service')}`
}

function scalewayFault(get: (field: string) => string): string | undefined {
  return (
    roles('', ['instance', 'baremetal'], 'role missing (one of: instance, baremetal)')(get, () => true) ??
    firstMissing(get, { project_id: 'project_id is mandatory' }) ??
    twoSecrets(get) ??
    firstMissing(get, { access_key: 'access_key is mandatory' })
  )
}

function uyuniFault(get: (field: string) => string): string | undefined {
  return firstMissing(get, {
    server: 'Uyuni SD configuration requires server host',
    username: 'Uyuni SD configuration requires a username',
    password: 'Uyuni SD configuration requires a password',
  })
}

const TRITON = { account: 'triton SD configuration requires an account', dns_suffix: 'triton SD configuration requires a dns_suffix', endpoint: 'triton SD configuration requires an endpoint' } // prettier-ignore

/** By field of the configuration, without `_sd_configs`. */
export const FOREIGN_SPECS = {
  aws: { package: 'aws', http: true, fields: `role filters clusters ${AWS}`, check: roles('AWS SD ', ['ec2', 'ecs', 'elasticache', 'lightsail', 'msk', 'rds'], 'unknown AWS SD role ""') },
  azure: { package: 'azure', http: true, fields: 'environment port subscription_id tenant_id client_id client_secret! refresh_interval authentication_method resource_group', check: azureFault },
  digitalocean: { package: 'digitalocean', http: true, fields: 'refresh_interval port role' },
  dockerswarm: { package: 'moby', http: true, fields: 'host role port filters refresh_interval', check: swarmFault },
  ec2: { package: 'aws', http: true, fields: `filters ${AWS}` },
  ecs: { package: 'aws', http: true, fields: `clusters request_concurrency ${AWS}` },
  elasticache: { package: 'aws', http: true, fields: `clusters request_concurrency ${AWS}` },
  eureka: { package: 'eureka', http: true, fields: 'server refresh_interval', check: eurekaFault },
  gce: { package: 'gce', http: false, fields: 'project zone filter refresh_interval port tag_separator', check: (get) => firstMissing(get, { project: 'GCE SD configuration requires a project', zone: 'GCE SD configuration requires a zone' }) },
  hetzner: { package: 'hetzner', http: true, fields: 'refresh_interval port role label_selector', check: roles('', ['robot', 'hcloud'], 'role missing (one of: robot, hcloud)') },
  ionos: { package: 'ionos', http: true, fields: 'datacenter_id refresh_interval port', check: (get) => firstMissing(get, { datacenter_id: "datacenter id can't be empty" }) },
  kuma: { package: 'xds', http: true, fields: 'refresh_interval fetch_timeout server client_id', check: (get) => firstMissing(get, { server: 'kuma SD server must not be empty' }) },
  lightsail: { package: 'aws', http: true, fields: AWS },
  linode: { package: 'linode', http: true, fields: 'refresh_interval port tag_separator region' },
  marathon: { package: 'marathon', http: true, fields: 'servers refresh_interval auth_token! auth_token_file', check: marathonFault },
  msk: { package: 'aws', http: true, fields: `clusters request_concurrency ${AWS}` },
  nerve: { package: 'zookeeper', http: false, fields: 'servers paths timeout', check: (_get, has) => (has('servers') ? (has('paths') ? undefined : 'nerve SD config must contain at least one path') : 'nerve SD config must contain at least one Zookeeper server') },
  nomad: { package: 'nomad', http: true, fields: 'allow_stale namespace refresh_interval region server tag_separator', check: (get, has) => (has('server') ? firstMissing(get, { server: 'nomad SD configuration requires a server address' }) : undefined) },
  oci: { package: 'oci', http: true, fields: 'auth tenancy user fingerprint key_file key_passphrase! key_passphrase_file region compartments port refresh_interval', check: ociFault },
  openstack: { package: 'openstack', http: false, fields: 'identity_endpoint username userid password! project_name project_id domain_name domain_id application_credential_name application_credential_id application_credential_secret! role region refresh_interval port all_tenants tls_config availability', check: openstackFault },
  outscale: { package: 'outscale', http: true, fields: 'endpoint region access_key secret_key! secret_key_file refresh_interval port', check: (get) => firstMissing(get, { region: 'outscale SD configuration requires a region', access_key: 'outscale SD configuration requires access_key' }) ?? twoSecrets(get) },
  ovhcloud: { package: 'ovhcloud', http: false, fields: 'endpoint application_key application_secret! consumer_key! refresh_interval service', check: ovhcloudFault },
  puppetdb: { package: 'puppetdb', http: true, fields: 'refresh_interval url query include_parameters port', check: (get) => httpUrlFault(get('url')) ?? firstMissing(get, { query: 'query missing' }) },
  rds: { package: 'aws', http: true, fields: `clusters filters request_concurrency ${AWS}` },
  scaleway: { package: 'scaleway', http: true, fields: 'project_id api_url zone access_key secret_key! secret_key_file name_filter tags_filter refresh_interval port role', check: scalewayFault },
  serverset: { package: 'zookeeper', http: false, fields: 'servers paths timeout', check: (_get, has) => (has('servers') ? (has('paths') ? undefined : 'serverset SD config must contain at least one path') : 'serverset SD config must contain at least one Zookeeper server') },
  stackit: { package: 'stackit', http: true, fields: 'project refresh_interval port region endpoint service_account_key! private_key! service_account_key_path private_key_path credentials_file_path', check: stackitFault },
  triton: { package: 'triton', http: false, fields: 'account role dns_suffix endpoint groups port refresh_interval tls_config version', check: (get) => (['', 'container', 'cn'].includes(get('role')) ? undefined : "triton SD configuration requires role to be 'container' or 'cn'") ?? firstMissing(get, TRITON) },
  uyuni: { package: 'uyuni', http: true, fields: 'server username password! entitlement separator refresh_interval', check: uyuniFault },
  vultr: { package: 'vultr', http: true, fields: 'refresh_interval port' },
} satisfies Readonly<Record<string, ForeignSpec>> as Readonly<Record<ForeignMechanism, ForeignSpec>> // prettier-ignore

/** Mechanisms that are checked and then refused by name. */
export type ForeignMechanism =
  | 'aws' | 'azure' | 'digitalocean' | 'dockerswarm' | 'ec2' | 'ecs' | 'elasticache' | 'eureka' | 'gce'
  | 'hetzner' | 'ionos' | 'kuma' | 'lightsail' | 'linode' | 'marathon' | 'msk' | 'nerve' | 'nomad' | 'oci' | 'openstack' | 'outscale'
  | 'ovhcloud' | 'puppetdb' | 'rds' | 'scaleway' | 'serverset' | 'stackit' | 'triton' | 'uyuni' | 'vultr' // prettier-ignore
