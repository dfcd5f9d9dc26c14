import { printYaml, type YamlValue } from '@promontory/base/yaml'

const ref = (name: string): YamlValue => ({ $ref: `#/definitions/${name}` })
const listOf = (items: YamlValue): YamlValue => ({ type: 'array', items })
const TEXT: YamlValue = { type: 'string' }
const TIME: YamlValue = { type: 'string', format: 'date-time' }
const FLAG: YamlValue = { type: 'boolean' }
const TEXTS: YamlValue = { type: 'object', additionalProperties: { type: 'string' } }

const object = (required: readonly string[], properties: Record<string, YamlValue>): YamlValue => ({
  type: 'object',
  required: [...required],
  properties,
})

const flagParameter = (name: string, description: string): YamlValue => ({
  in: 'query',
  name,
  description,
  type: 'boolean',
  default: true,
})
const listParameter = (name: string, description: string): YamlValue => ({
  in: 'query',
  name,
  description,
  type: 'array',
  collectionFormat: 'multi',
  items: TEXT,
})
const RECEIVER: YamlValue = {
  in: 'query',
  name: 'receiver',
  description: 'Anchored regular expression on the names of receivers.',
  type: 'string',
}
const FILTER = listParameter('filter', 'Matchers that the labels must fulfil, e.g. severity="page".')
const STATES: YamlValue[] = [
  flagParameter('active', 'Whether alerts that nothing holds back are listed.'),
  flagParameter('silenced', 'Whether silenced ones are.'),
  flagParameter('inhibited', 'Whether inhibited ones are.'),
]
const SILENCE_ID: YamlValue = {
  in: 'path',
  name: 'silenceID',
  required: true,
  type: 'string',
  format: 'uuid',
}
const body = (name: string, schema: YamlValue): YamlValue => ({ in: 'body', name, required: true, schema })

const BAD: YamlValue = { description: 'What is wrong with the request.', schema: TEXT }
const answers = (schema?: YamlValue, more: Record<string, YamlValue> = {}): YamlValue => ({
  200: { description: 'Done.', ...(schema === undefined ? {} : { schema }) },
  400: BAD,
  ...more,
})
const operation = (
  operationId: string,
  description: string,
  responses: YamlValue,
  parameters: readonly YamlValue[] = [],
): YamlValue => ({ operationId, description, parameters: [...parameters], responses })

const SILENCE = {
  matchers: listOf(ref('matcher')),
  startsAt: TIME,
  endsAt: TIME,
  createdBy: TEXT,
  comment: TEXT,
  annotations: TEXTS,
}
const SILENCE_REQUIRED = ['matchers', 'startsAt', 'endsAt', 'createdBy', 'comment']

/** The API's description, Swagger 2.0 as upstream's: what `GET /api/v2/openapi.yaml` answers. */
export function openApiDocument(version: string): string {
  return printYaml({
    swagger: '2.0',
    info: { title: 'Alertmanager API', description: "API of Promontory's Alertmanager.", version },
    basePath: '/api/v2/',
    consumes: ['application/json'],
    produces: ['application/json'],
    paths: {
      '/status': { get: operation('getStatus', 'State and configuration.', answers(ref('alertmanagerStatus'))) },
      '/receivers': {
        get: operation('getReceivers', 'Names of the receivers.', answers(listOf(ref('receiver'))), [
          listParameter('receiver_matchers', "Matchers on the receivers' labels."),
        ]),
      },
      '/alerts': {
        get: operation('getAlerts', 'Alerts that have not ended.', answers(listOf(ref('gettableAlert'))), [
          ...STATES,
          flagParameter('unprocessed', 'Whether those are that wait for a configuration.'),
          FILTER,
          RECEIVER,
          listParameter('receiver_matchers', "Matchers on the receivers' labels."),
        ]),
        post: operation('postAlerts', 'Takes alerts, again and again while they fire.', answers(), [
          body('alerts', listOf(ref('postableAlert'))),
        ]),
      },
      '/alerts/groups': {
        get: operation('getAlertGroups', 'Alerts by group.', answers(listOf(ref('alertGroup'))), [
          ...STATES,
          flagParameter('muted', 'Whether groups are listed that a time holds back.'),
          FILTER,
          RECEIVER,
        ]),
      },
      '/silences': {
        get: operation('getSilences', 'Silences, active ones first.', answers(listOf(ref('gettableSilence'))), [FILTER]),
        post: operation(
          'postSilences',
          'Makes a silence; with an id it changes one.',
          answers(object([], { silenceID: TEXT }), { 404: { description: 'There is no silence of this id.', schema: TEXT } }),
          [body('silence', ref('postableSilence'))],
        ),
      },
      '/silence/{silenceID}': {
        parameters: [SILENCE_ID],
        get: operation('getSilence', 'One silence.', answers(ref('gettableSilence'), { 404: { description: 'There is none.' } })),
        delete: operation('deleteSilence', 'Ends a silence now.', answers(undefined, { 404: { description: 'There is none.' } })),
      },
    },
    definitions: {
      matcher: object(['name', 'value', 'isRegex'], { name: TEXT, value: TEXT, isRegex: FLAG, isEqual: { type: 'boolean', default: true } }),
      receiver: object(['name'], { name: TEXT }),
      postableAlert: object(['labels'], { labels: TEXTS, annotations: TEXTS, startsAt: TIME, endsAt: TIME, generatorURL: { type: 'string', format: 'uri' } }),
      alertStatus: object(['state', 'silencedBy', 'inhibitedBy', 'mutedBy'], {
        state: { type: 'string', enum: ['unprocessed', 'active', 'suppressed'] },
        silencedBy: listOf(TEXT), inhibitedBy: listOf(TEXT), mutedBy: listOf(TEXT),
      }),
      gettableAlert: object(['labels', 'annotations', 'receivers', 'fingerprint', 'startsAt', 'updatedAt', 'endsAt', 'status'], {
        labels: TEXTS, annotations: TEXTS, receivers: listOf(ref('receiver')), fingerprint: TEXT, startsAt: TIME, updatedAt: TIME, endsAt: TIME,
        status: ref('alertStatus'), generatorURL: { type: 'string', format: 'uri' },
      }),
      alertGroup: object(['labels', 'receiver', 'alerts'], {
        labels: TEXTS, receiver: ref('receiver'), routeLabels: TEXTS, alerts: listOf(ref('gettableAlert')),
      }),
      postableSilence: object(SILENCE_REQUIRED, { id: TEXT, ...SILENCE }),
      gettableSilence: object(['id', 'status', 'updatedAt', ...SILENCE_REQUIRED], {
        id: TEXT, updatedAt: TIME, ...SILENCE,
        status: object(['state'], { state: { type: 'string', enum: ['expired', 'active', 'pending'] } }),
      }),
      alertmanagerStatus: object(['cluster', 'versionInfo', 'config', 'uptime'], {
        cluster: object(['status'], { name: TEXT, status: { type: 'string', enum: ['ready', 'settling', 'disabled'] }, peers: listOf({ type: 'object' }) }),
        versionInfo: TEXTS, config: object(['original'], { original: TEXT }), uptime: TIME,
      }),
    },
  }) // prettier-ignore
}
