import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

/** What a list says when there is nothing in it: what it would hold, and the next step. */
export function EmptyState({
  title,
  text,
  icon = 'empty',
  children,
}: {
  title: string
  text: ReactNode
  icon?: IconName
  children?: ReactNode
}): ReactNode {
  return (
    <div className="empty">
      <Icon name={icon} size={32} />
      <h3>{title}</h3>
      <p>{text}</p>
      {children}
    </div>
  )
}

export function ErrorState({ error, retry }: { error: Error; retry?: () => void }): ReactNode {
  return (
    <div className="notice bad" role="alert">
      <div>
        <strong>This could not be loaded.</strong>
        <p>{error.message}</p>
        {retry === undefined ? null : (
          <button type="button" className="button" style={{ marginTop: 'var(--space-2)' }} onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  )
}

/** Grey bars in the size of what is to come, so that nothing jumps. */
export function Skeleton({ lines = 4, height = '1.1rem' }: { lines?: number; height?: string }): ReactNode {
  return (
    <div className="stack card-body" role="status" aria-busy="true" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} className="skeleton" style={{ height, width: `${92 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  )
}

export function PageSkeleton(): ReactNode {
  return (
    <div className="card">
      <Skeleton lines={7} />
    </div>
  )
}
