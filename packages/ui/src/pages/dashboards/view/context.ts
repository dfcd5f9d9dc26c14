import type {
  AdHocFilter,
  Choices,
  ColorTheme,
  Dashboard,
  Options,
  RawRange,
  Scope,
  TimeRange,
} from '@promontory/panels'
import { createContext, useContext, type Context } from 'react'
import type { AnnotationDraft } from './annotation-dialog.tsx'
import type { DataSource } from '../data/data-sources.ts'

/** What every panel of an open dashboard sees. */
export interface DashboardView {
  readonly dashboard: Dashboard
  readonly rawRange: RawRange
  readonly range: TimeRange
  readonly zone: string
  readonly choices: Choices
  readonly options: Options
  /** Variables and built-ins of the dashboard. */
  readonly scope: Scope
  readonly filters: readonly AdHocFilter[]
  readonly sources: readonly DataSource[]
  readonly theme: ColorTheme
  /** Grows with every refresh. */
  readonly tick: number
  readonly isEditable: boolean
  readonly annotations: readonly AnnotationMark[]
  /** Opens the form of a new annotation; undefined for who may not add one. */
  readonly annotate: ((draft: AnnotationDraft) => void) | undefined
  readonly removeAnnotation: ((mark: AnnotationMark) => void) | undefined
  readonly setTime: (range: RawRange) => void
  readonly setChoice: (name: string, values: readonly string[]) => void
}

/** Something that happened, for the charts to mark. */
export interface AnnotationMark {
  /** Of one that is stored here. */
  readonly id?: number
  readonly timeMs: number
  readonly endMs: number
  readonly title: string
  readonly text: string
  readonly tags: readonly string[]
  readonly color: string
}

export const DashboardContext: Context<DashboardView | undefined> = createContext<DashboardView | undefined>(
  undefined,
)

/** The open dashboard; only below its page. */
export function useDashboard(): DashboardView {
  const view = useContext(DashboardContext)
  if (view === undefined) throw new Error('BUG: a panel outside of a dashboard')
  return view
}
