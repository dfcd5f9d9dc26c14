import type { DashboardSummary } from './dashboard-store.ts'
import type { FolderRow } from './tables.ts'

/** What is looked for; empty lists do not restrict. */
export interface SearchQuery {
  readonly text: string
  readonly tags: readonly string[]
  readonly type: 'dash-db' | 'dash-folder' | undefined
  readonly uids: readonly string[]
  readonly ids: readonly number[]
  /** `general` and `''` stand for the root. */
  readonly folderUids: readonly string[]
  readonly starred: boolean
  readonly limit: number
  /** From 1. */
  readonly page: number
  readonly sort: string
}

export type SearchHit =
  | { readonly kind: 'folder'; readonly folder: FolderRow }
  | {
      readonly kind: 'dashboard'
      readonly dashboard: DashboardSummary
      readonly tags: readonly string[]
      readonly isStarred: boolean
    }

/** Folders first, then dashboards, each by title; with a text, better matches first. */
export function search(
  query: SearchQuery,
  folders: readonly FolderRow[],
  dashboards: readonly DashboardSummary[],
  starred: ReadonlySet<string>,
): SearchHit[] {
  const inFolder = (uid: string): boolean =>
    query.folderUids.length === 0 || query.folderUids.includes(uid === '' ? 'general' : uid)
  const byId = (uid: string, id: number): boolean =>
    (query.uids.length === 0 || query.uids.includes(uid)) &&
    (query.ids.length === 0 || query.ids.includes(id))
  const wantsFolders = query.type !== 'dash-db' && query.tags.length === 0 && !query.starred
  const hits: SearchHit[] = []
  if (wantsFolders)
    for (const folder of folders)
      if (matches(folder.title, query.text) && inFolder(folder.parent_uid) && byId(folder.uid, folder.id))
        hits.push({ kind: 'folder', folder })
  if (query.type !== 'dash-folder')
    for (const dashboard of dashboards) {
      if (!matches(dashboard.title, query.text) || !inFolder(dashboard.folder_uid)) continue
      if (!byId(dashboard.uid, dashboard.id) || (query.starred && !starred.has(dashboard.uid))) continue
      const tags = JSON.parse(dashboard.tags) as string[]
      if (query.tags.every((tag) => tags.includes(tag)))
        hits.push({ kind: 'dashboard', dashboard, tags, isStarred: starred.has(dashboard.uid) })
    }
  sortHits(hits, query)
  return hits.slice((query.page - 1) * query.limit, query.page * query.limit)
}

/** How often each tag is used, most used first. */
export function countTags(dashboards: readonly DashboardSummary[]): { term: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const { tags } of dashboards)
    for (const tag of new Set(JSON.parse(tags) as string[])) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return [...counts]
    .map(([term, count]) => ({ term, count }))
    .sort((a, b) => b.count - a.count || a.term.localeCompare(b.term))
}

/** Each word of the text occurs in the title. */
function matches(title: string, text: string): boolean {
  const lower = title.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word))
}

function sortHits(hits: SearchHit[], query: SearchQuery): void {
  const title = (hit: SearchHit): string => (hit.kind === 'folder' ? hit.folder.title : hit.dashboard.title)
  const text = query.text.toLowerCase()
  const closeness = (hit: SearchHit): number => {
    const lower = title(hit).toLowerCase()
    return text === '' ? 0 : lower === text ? 0 : lower.startsWith(text) ? 1 : 2
  }
  const turn = query.sort === 'alpha-desc' ? -1 : 1
  hits.sort(
    (a, b) =>
      (a.kind === b.kind ? 0 : a.kind === 'folder' ? -1 : 1) ||
      closeness(a) - closeness(b) ||
      turn * title(a).localeCompare(title(b)),
  )
}
