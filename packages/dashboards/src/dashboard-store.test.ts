import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { SaveRequest } from './dashboard-store.ts'
import { fillInputs } from './import-inputs.ts'
import { type JsonObject, parseLossless } from './json.ts'
import { slugOf } from './names.ts'
import { withStores } from './testing/stores.ts'

const request = (model: JsonObject, more: Partial<SaveRequest> = {}): SaveRequest => ({
  model,
  folderUid: undefined,
  message: '',
  overwrite: false,
  by: 'me',
  ...more,
})

test('nothing of a dashboard is lost, whole numbers of any length included', () =>
  withStores(async ({ dashboards }) => {
    const text =
      '{"title":"T","odd":{"n":12345678901234567890,"x":[1.5e300,null,{"":[]}]},"panels":[{"type":"unknown"}]}'
    const { uid, id } = await dashboards.save(request(parseLossless(text) as JsonObject))
    const { data } = await dashboards.get(uid)
    expect(data).toBe(
      `${text.slice(0, -1).replace('1.5e300', '1.5e+300')},"id":${id},"uid":"${uid}","version":1}`,
    )
  }))

test('any JSON comes back as it went in', async () => {
  await withStores(async ({ dashboards }) => {
    const check = async (extra: unknown): Promise<void> => {
      const { uid } = await dashboards.save(request({ title: 'T', extra }, { overwrite: true }))
      const back = parseLossless((await dashboards.get(uid)).data) as JsonObject
      expect(JSON.stringify(back['extra'])).toBe(JSON.stringify(extra))
    }
    await fc.assert(fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), check), { numRuns: 30 })
  })
})

test('who saves on an old version is told, overwrite wins, versions can be brought back', () =>
  withStores(async ({ dashboards }) => {
    const first = await dashboards.save(request({ title: 'A', n: 1 }, { message: 'start' }))
    const { uid } = first
    const second = await dashboards.save(request({ uid, title: 'A', n: 2, version: 1 }))
    expect(second.version).toBe(2)
    const late = dashboards.save(request({ uid, title: 'A', n: 3, version: 1 }))
    await expect(late).rejects.toMatchObject({ refusal: 'version-mismatch' })
    await dashboards.save(request({ uid, title: 'A', n: 3, version: 1 }, { overwrite: true }))
    const restored = await dashboards.restore(uid, 1, 'me')
    expect(JSON.parse(restored.data)).toMatchObject({ n: 1, version: 4 })
    const versions = await dashboards.versions(uid, 10, 0)
    expect(versions.map((row) => [row.version, row.message, row.restored_from])).toEqual([
      [4, 'Restored from version 1', 1],
      [3, '', 0],
      [2, '', 0],
      [1, 'start', 0],
    ])
  }))

test('of two who save at once, one is told', () =>
  withStores(async ({ dashboards }) => {
    const { uid } = await dashboards.save(request({ title: 'A' }))
    const saves = [1, 2].map((n) => dashboards.save(request({ uid, title: 'A', n, version: 1 })))
    const results = await Promise.allSettled(saves)
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  }))

test.each([
  ['without a title', { title: ' ' }, 'empty-name'],
  ['with a uid of other characters', { title: 'T', uid: '../x' }, 'invalid'],
  ['with a number nobody has', { title: 'T', id: 99 }, 'not-found'],
  [
    'of too many panels',
    { title: 'T', panels: Array.from({ length: 10_000 }, () => ({ type: 'stat' })) },
    'too-large',
  ],
  ['of too many bytes', { title: 'T', description: 'x'.repeat(20_000_000) }, 'too-large'],
])('a dashboard %s is refused', (_, model, refusal) =>
  withStores(async ({ dashboards }) => {
    await expect(dashboards.save(request(model))).rejects.toMatchObject({ refusal })
  }),
)

test('a name is taken once per folder; deleting a folder takes its dashboards along', () =>
  withStores(async ({ dashboards, folders, stars }) => {
    const { uid: folderUid } = await folders.create({ title: 'F' }, 'me')
    const inside = await dashboards.save(request({ title: 'A' }, { folderUid }))
    await dashboards.save(request({ title: 'A' }))
    await expect(dashboards.save(request({ title: 'A' }))).rejects.toMatchObject({ refusal: 'name-exists' })
    await expect(folders.create({ title: 'F' }, 'me')).rejects.toMatchObject({ refusal: 'name-exists' })
    await stars.add(1, inside.uid)
    await stars.add(1, inside.uid)
    await folders.delete(folderUid)
    expect(await dashboards.find(inside.uid)).toBeUndefined()
    expect(await stars.of(1)).toEqual([])
  }))

test('a folder cannot lie inside itself, nor too deep', () =>
  withStores(async ({ folders }) => {
    const a = await folders.create({ title: 'a' }, 'me')
    const b = await folders.create({ title: 'b', parentUid: a.uid }, 'me')
    await expect(folders.move(a.uid, b.uid, 'me')).rejects.toMatchObject({ refusal: 'invalid' })
    const c = await folders.create({ title: 'c', parentUid: b.uid }, 'me')
    const d = await folders.create({ title: 'd', parentUid: c.uid }, 'me')
    await expect(folders.create({ title: 'e', parentUid: d.uid }, 'me')).rejects.toThrow(/at most 4 deep/)
  }))

test('annotations over a span are found by any part of it, and by tags', () =>
  withStores(async ({ annotations }) => {
    const mark = { dashboardUid: '', panelId: 0, text: 'deploy', data: '{}' }
    const user = { id: 1, login: 'me' }
    await annotations.add({ ...mark, timeMs: 100, timeEndMs: 300, tags: ['deploy', 'eu'] }, user)
    await annotations.add({ ...mark, timeMs: 500, timeEndMs: undefined, tags: ['deploy'] }, user)
    const find = async (fromMs: number, toMs: number, tags: string[], matchAny = false): Promise<number[]> =>
      (
        await annotations.query({
          fromMs,
          toMs,
          tags,
          matchAny,
          dashboardUid: undefined,
          panelId: undefined,
          limit: 10,
        })
      ).map((row) => row.time_ms)
    expect(await find(200, 250, [])).toEqual([100])
    expect(await find(0, 1000, ['deploy', 'eu'])).toEqual([100])
    expect(await find(0, 1000, ['us', 'deploy'], true)).toEqual([500, 100])
    await expect(annotations.add({ ...mark, timeMs: 2, timeEndMs: 1, tags: [] }, user)).rejects.toThrow(
      /before/,
    )
  }))

test.each([
  ['Node Exporter / Full', 'node-exporter-full'],
  ['Übersicht', 'ubersicht'],
  ['日本', '日本'],
  ['///', 'Ly8v'],
])('the slug of %s is %s', (title, slug) => expect(slugOf(title)).toBe(slug))

test('inputs are filled in everywhere, and leave no trace', () => {
  const model = {
    title: '${N}',
    __inputs: [],
    panels: [{ datasource: { uid: '${DS}' }, expr: 'rate(x[$__interval])' }],
  }
  expect(fillInputs(model, new Map([['DS', 'abc']]))).toEqual({
    title: '${N}',
    panels: [{ datasource: { uid: 'abc' }, expr: 'rate(x[$__interval])' }],
  })
})
