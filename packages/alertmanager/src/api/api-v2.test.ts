import { FakeClock, Registry, silentLogger } from '@promontory/base'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { Alertmanager } from '../alertmanager.ts'
import { ApiV1 } from './api-v1.ts'
import { ApiV2, type ApiAnswer } from './api-v2.ts'

const START_MS = Date.UTC(2024, 0, 1)
const VERSION = {
  branch: 'b',
  buildDate: 'd',
  buildUser: 'u',
  goVersion: 'g',
  revision: 'r',
  version: '0.34.0',
}

async function world() {
  const clock = new FakeClock(START_MS)
  const alertmanager = new Alertmanager({
    clock,
    logger: silentLogger,
    registry: new Registry(),
    externalUrl: 'http://am',
  })
  const yaml = `
route: {receiver: all, group_by: [job], routes: [{matchers: [job=db], receiver: db}]}
receivers: [{name: all}, {name: db, labels: {team: d}}]
`
  await alertmanager.applyConfig(alertmanager.prepareConfig(yaml, 'am.yml'))
  onTestFinished(() => alertmanager.stop())
  const [v1, v2] = [new ApiV1(alertmanager, VERSION), new ApiV2(alertmanager, VERSION)]
  const call = (method: string, target: string, body: unknown = ''): Promise<ApiAnswer> => {
    const url = new URL(target, 'http://am')
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const request = { method, path: url.pathname, query: url.searchParams, body: text }
    return url.pathname.startsWith('/api/v1/') ? v1.handle(request) : v2.handle(request)
  }
  return { clock, alertmanager, call }
}

test('alerts come in and are listed, filtered, grouped', async () => {
  const { call } = await world()
  const alerts = [
    { labels: { alertname: 'A', job: 'db', empty: '' }, annotations: { s: 't' }, generatorURL: 'http://p/g' },
    { labels: { alertname: 'B', job: 'web' }, startsAt: '2023-12-31T00:00:00Z', endsAt: '2024-01-02T00:00:00Z' },
  ]
  expect(await call('POST', '/api/v2/alerts', alerts)).toEqual({ status: 200 })
  const { json } = await call('GET', '/api/v2/alerts?filter=job%3D%22db%22')
  expect(json).toEqual([
    {
      annotations: { s: 't' },
      endsAt: '2024-01-01T00:05:00.000Z',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      receivers: [{ name: 'db' }],
      startsAt: '2024-01-01T00:00:00.000Z',
      status: { inhibitedBy: [], mutedBy: [], silencedBy: [], state: 'active' },
      updatedAt: '2024-01-01T00:00:00.000Z',
      generatorURL: 'http://p/g',
      labels: { alertname: 'A', job: 'db' },
    },
  ])
  const names = async (query: string): Promise<string[]> =>
    ((await call('GET', `/api/v2/alerts?${query}`)).json as { labels: { alertname: string } }[]).map(({ labels }) => labels.alertname).sort()
  expect(await names('')).toEqual(['A', 'B'])
  expect(await names('receiver=d.*')).toEqual(['A'])
  expect(await names('receiver_matchers=team%3Dd')).toEqual(['A'])
  expect(await names('active=false')).toEqual([])
  expect((await call('GET', '/api/v2/alerts/groups')).json).toMatchObject([
    { labels: { job: 'db' }, receiver: { name: 'db' }, alerts: [{ labels: { alertname: 'A' } }] },
    { labels: { job: 'web' }, receiver: { name: 'all' }, alerts: [{ labels: { alertname: 'B' } }] },
  ])
  expect(await call('GET', '/api/v2/alerts?filter=%7B')).toMatchObject({ status: 400 })
  expect(await call('GET', '/api/v2/alerts?receiver=(')).toMatchObject({ status: 400, json: expect.stringContaining('failed to parse receiver param') })
}) // prettier-ignore

test('a batch with a bad alert keeps the good ones', async () => {
  const { call, alertmanager } = await world()
  const answer = await call('POST', '/api/v2/alerts', [{ labels: {} }, { labels: { alertname: 'A' } }])
  expect(answer).toEqual({ status: 400, json: 'at least one label pair required' })
  expect(alertmanager.activeAlerts()).toHaveLength(1)
  expect(await call('POST', '/api/v2/alerts', '{')).toMatchObject({ status: 400, json: { code: 400 } })
  expect(await call('POST', '/api/v2/alerts', [{}])).toEqual({ status: 422, json: { code: 602, message: '0.labels in body is required' } })
}) // prettier-ignore

const silence = (more: object = {}): object => ({
  matchers: [{ name: 'job', value: 'db', isRegex: false, isEqual: true }],
  startsAt: '2024-01-01T00:00:00Z',
  endsAt: '2024-01-01T01:00:00Z',
  createdBy: 'me',
  comment: 'why',
  ...more,
})

test('silences: create, list, edit, expire', async () => {
  const { call, clock } = await world()
  await call('POST', '/api/v2/alerts', [{ labels: { alertname: 'A', job: 'db' } }])
  const { json } = await call('POST', '/api/v2/silences', silence())
  const { silenceID: id } = json as { silenceID: string }
  expect((await call('GET', `/api/v2/silence/${id}`)).json).toEqual({
    id,
    status: { state: 'active' },
    updatedAt: '2024-01-01T00:00:00.000Z',
    comment: 'why',
    createdBy: 'me',
    endsAt: '2024-01-01T01:00:00.000Z',
    matchers: [{ isEqual: true, isRegex: false, name: 'job', value: 'db' }],
    startsAt: '2024-01-01T00:00:00.000Z',
  })
  expect((await call('GET', '/api/v2/alerts')).json).toMatchObject([{ status: { state: 'suppressed', silencedBy: [id] } }])
  expect((await call('GET', '/api/v2/alerts?silenced=false')).json).toEqual([])
  // Only the end changes: edited in place. The matchers change: another one, the old one expired.
  expect((await call('POST', '/api/v2/silences', silence({ id, endsAt: '2024-01-01T02:00:00Z' }))).json).toEqual({ silenceID: id })
  await clock.advance(1000)
  const other = await call('POST', '/api/v2/silences', silence({ id, matchers: [{ name: 'job', value: 'w.*', isRegex: true }] }))
  expect((other.json as { silenceID: string }).silenceID).not.toBe(id)
  expect((await call('GET', `/api/v2/silence/${id}`)).json).toMatchObject({ status: { state: 'expired' } })
  expect(((await call('GET', '/api/v2/silences?expired=false&filter=job%3D~%22w.*%22')).json as unknown[]).length).toBe(1)
  expect(await call('DELETE', `/api/v2/silence/${id}`)).toEqual({ status: 500, json: 'silence already expired' })
  expect(await call('DELETE', `/api/v2/silence/${(other.json as { silenceID: string }).silenceID}`)).toEqual({ status: 200 })
  expect(await call('GET', '/api/v2/silence/00000000-0000-0000-0000-000000000000')).toEqual({ status: 404 })
}) // prettier-ignore

test.each([
  [{ comment: undefined }, 422, 'comment in body is required'],
  [{ matchers: [] }, 422, 'matchers in body should have at least 1 items'],
  [{ matchers: [{ name: 'a', value: '', isRegex: false }] }, 400, 'invalid silence: matcher set 0: at least one matcher must not match the empty string'],
  [{ matchers: [{ name: 'a', value: '(', isRegex: true }] }, 400, 'missing closing )'],
  [{ endsAt: '2023-01-01T00:00:00Z', startsAt: '2022-01-01T00:00:00Z' }, 400, "end time can't be in the past"],
  [{ endsAt: '2023-01-01T00:00:00Z' }, 400, 'start time must be before end time'],
  [{ id: '00000000-0000-0000-0000-000000000000' }, 404, 'silence not found'],
])('a silence with %j is refused', async (more, status, text) => {
  const { call } = await world()
  const answer = await call('POST', '/api/v2/silences', silence(more))
  expect(answer.status).toBe(status)
  expect(JSON.stringify(answer.json)).toContain(text)
}) // prettier-ignore

test('status and receivers', async () => {
  const { call } = await world()
  expect((await call('GET', '/api/v2/receivers')).json).toEqual([
    { labels: { name: 'all' }, name: 'all' },
    { labels: { name: 'db', team: 'd' }, name: 'db' },
  ])
  const { json } = await call('GET', '/api/v2/status')
  expect(json).toMatchObject({
    cluster: { status: 'disabled', peers: [] },
    config: { original: expect.stringContaining('receiver: all') },
    uptime: '2024-01-01T00:00:00.000Z',
    versionInfo: VERSION,
  })
  expect((await call('GET', '/api/v2/nothing')).status).toBe(404)
  expect((await call('PUT', '/api/v2/alerts')).status).toBe(405)
})

test('API v1 answers in the form of 0.26', async () => {
  const { call } = await world()
  expect(await call('POST', '/api/v1/alerts', [{ labels: { alertname: 'A' } }])).toEqual({ status: 200, json: { status: 'success' } })
  expect((await call('GET', '/api/v1/alerts')).json).toMatchObject({
    status: 'success',
    data: [{ labels: { alertname: 'A' }, receivers: ['all'], status: { state: 'active', silencedBy: [], inhibitedBy: [] } }],
  })
  expect((await call('POST', '/api/v1/silences', silence())).json).toMatchObject({ data: { silenceId: expect.any(String) } })
  expect((await call('POST', '/api/v1/silences', {})).json).toMatchObject({ status: 'error', errorType: 'bad_data' })
}) // prettier-ignore

test('no body and no query makes the API fail', async () => {
  const { call } = await world()
  const target = fc.constantFrom('alerts', 'alerts/groups', 'silences', 'silence/x', 'receivers')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'POST', 'DELETE'), target, fc.string(), fc.json(), async (method, path, filter, body) => {
      const answer = await call(method, `/api/v2/${path}?filter=${encodeURIComponent(filter)}`, body)
      expect(answer.status).toBeLessThan(500)
    }),
    { numRuns: 150 },
  )
}) // prettier-ignore

test('long lists come in pieces, in order and whole; others are served in between', async () => {
  const { call } = await world()
  const alerts = Array.from({ length: 3000 }, (_, i) => ({ labels: { alertname: 'Many', i: String(i) } }))
  expect((await call('POST', '/api/v2/alerts', alerts)).status).toBe(200)
  for (const path of ['/api/v2/alerts', '/api/v2/alerts/groups']) {
    const { pieces } = await call('GET', path)
    let text = ''
    for await (const piece of pieces!) text += piece
    const list = JSON.parse(text) as { fingerprint: string; alerts?: unknown[] }[]
    if (path.endsWith('groups')) expect(list.map((group) => group.alerts!.length)).toEqual([3000])
    else
      expect(list.map(({ fingerprint }) => fingerprint)).toEqual(
        list.map(({ fingerprint }) => fingerprint).sort(),
      )
  }
  const { json } = await call('GET', '/api/v2/alerts?filter=i%3D%2277%22')
  expect(json).toHaveLength(1)
})

test.each([
  ['POST', '/api/v2/alerts', '', 422, { code: 602, message: 'alerts in body is required' }],
  ['POST', '/api/v2/silences', '', 422, { code: 602, message: 'silence in body is required' }],
  ['POST', '/api/v2/alerts', 'null', 200, undefined],
  ['POST', '/api/v2/alerts', [{ labels: { a: 'b' }, generatorURL: '/graph?g0' }], 200, undefined],
  ['POST', '/api/v2/alerts', [{ labels: { a: 'b' }, generatorURL: 'not a url' }], 422, { code: 601, message: '0.generatorURL in body must be of type uri: "not a url"' }],
  ['PUT', '/api/v2/silences', '', 405, { code: 405, message: 'method PUT is not allowed, but [GET,POST] are' }],
  ['GET', '/api/v2/alerts?receiver_matchers=[', '', 400, 'failed to parse receiver_matchers param: bad matcher format: ['],
  ['GET', '/api/v2/receivers?receiver_matchers=a', '', 400, 'failed to parse receiver_matchers param: bad matcher format: a'],
  ['GET', '/api/v2/alerts?active=maybe', '', 200, []],
] as const)('%s %s %j: as upstream', async (method, target, body, status, json) => {
  const { call } = await world()
  await call('POST', '/api/v2/alerts', [{ labels: { alertname: 'A' } }])
  expect(await call(method, target, body)).toEqual(json === undefined ? { status } : { status, json })
}) // prettier-ignore

test('a body that is said to be no JSON is refused', async () => {
  const { alertmanager } = await world()
  const request = { method: 'POST', path: '/api/v2/alerts', query: new URLSearchParams(), body: '[]' }
  const api = new ApiV2(alertmanager, VERSION)
  expect(await api.handle({ ...request, contentType: 'application/json; charset=utf-8' })).toEqual({
    status: 200,
  })
  expect(await api.handle({ ...request, contentType: 'text/plain;charset=UTF-8' })).toEqual({
    status: 415,
    json: { code: 415, message: 'unsupported media type "text/plain", only [application/json] are allowed' },
  })
})
