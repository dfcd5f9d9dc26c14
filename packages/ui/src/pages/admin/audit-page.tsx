import { useState, type ReactNode } from 'react'
import { dateTime } from '../../data/format.ts'
import { Badge } from '../../parts/badge.tsx'
import { AdminFrame } from './admin-frame.tsx'
import { ListCard } from './list-card.tsx'
import { useList } from './use-list.ts'

interface AuditLine {
  readonly timestamp: string
  readonly user: string
  readonly action: string
  readonly resource: string
  readonly result: string
  readonly client: string
  readonly details: Readonly<Record<string, unknown>>
}

const LINES = 200

/** `/admin/audit`: who changed what, and when. */
export function AuditPage(): ReactNode {
  const [filters, setFilters] = useState({ user: '', action: '', resource: '' })
  const wanted = queryOf(filters)
  const lines = useList<{ readonly data: readonly AuditLine[] }>(`api/v1/audit?${wanted}`)
  const field = (name: keyof typeof filters, label: string, placeholder: string): ReactNode => (
    <input
      className="field"
      aria-label={label}
      placeholder={placeholder}
      value={filters[name]}
      onChange={(event) => setFilters({ ...filters, [name]: event.target.value })}
    />
  )
  return (
    <AdminFrame title="Audit">
      <div className="form-grid">
        {field('user', 'Login', 'Login')}
        {field('action', 'What was done', 'create, save, delete, login …')}
        {field('resource', 'What it was done to, from its beginning', 'dashboard/, user/ …')}
      </div>
      <ListCard
        label="Changes"
        query={lines}
        heads={['When', 'Who', 'Did', 'To', 'From']}
        empty={{ title: 'No change fits', text: 'Logins and changes stand here, the newest first.' }}
        rows={({ data }) =>
          data.map((line, i) => (
            <tr key={`${line.timestamp};${i}`}>
              <td className="nowrap number">{dateTime(Date.parse(line.timestamp))}</td>
              <td>{line.user}</td>
              <td className="nowrap">
                {line.action} {line.result === 'success' ? null : <Badge tone="bad">{line.result}</Badge>}
              </td>
              <td style={{ overflowWrap: 'anywhere' }}>
                <span className="mono">{line.resource}</span>{' '}
                <span className="soft small">{detailsOf(line.details)}</span>
              </td>
              <td className="soft">{line.client}</td>
            </tr>
          ))
        }
      />
      <p className="soft small">
        The newest {LINES} that fit. The API has the rest: <code>/api/v1/audit</code>.
      </p>
    </AdminFrame>
  )
}

function queryOf(filters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams({ limit: String(LINES) })
  for (const [name, value] of Object.entries(filters)) if (value.trim() !== '') query.set(name, value.trim())
  return String(query)
}

function detailsOf(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}
