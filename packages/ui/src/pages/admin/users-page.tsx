import { useState, type ReactNode } from 'react'
import { Badge } from '../../parts/badge.tsx'
import { Ago } from '../../parts/ago.tsx'
import { isFound, SearchField } from '../../parts/search-field.tsx'
import { grafana } from '../dashboards/data/grafana-api.ts'
import { AdminFrame } from './admin-frame.tsx'
import { FirstPassword } from './first-password.tsx'
import { Fault, ListCard } from './list-card.tsx'
import { NewUser } from './new-user.tsx'
import { ROLES, RoleField } from './role-field.tsx'
import { useList, useWork, type Work } from './use-list.ts'

interface User {
  readonly id: number
  readonly login: string
  readonly name: string
  readonly email: string
  readonly role: string
  readonly isAdmin: boolean
  readonly isDisabled: boolean
  readonly lastSeenAt: string
}

/** `/admin/users`: who may come in, and as what. */
export function UsersPage(): ReactNode {
  const [text, setText] = useState('')
  const work = useWork()
  const state = useList<{ readonly needsSetup: boolean }>('api/login/state')
  const users = useList<readonly User[]>('api/users')
  return (
    <AdminFrame
      title="Users"
      actions={
        <SearchField label="Search users" placeholder="Search users" value={text} onChange={setText} />
      }
    >
      <Fault text={work.fault} />
      {state.data?.needsSetup === true ? <FirstPassword /> : null}
      <ListCard
        label="Users"
        query={users}
        heads={['Name', 'Role', 'Seen', 'What to do']}
        empty={{ title: 'Nobody is called so', text: 'Try fewer words.' }}
        rows={(all) =>
          all
            .filter(({ login, name, email }) => isFound(text, [login, name, email]))
            .map((user) => <Row key={user.id} user={user} work={work} />)
        }
      />
      {users.data === undefined || state.data?.needsSetup !== false ? null : <NewUser work={work} />}
    </AdminFrame>
  )
}

function Row({ user, work }: { user: User; work: Work }): ReactNode {
  const { id, login } = user
  const change = (path: string, method: string, body: object = {}): void =>
    void work.run(() => grafana(path, { method, body }))
  return (
    <tr>
      <td>
        <strong>{login}</strong>
        {user.isDisabled ? (
          <>
            {' '}
            <Badge tone="warn">shut out</Badge>
          </>
        ) : null}
        {user.isAdmin ? (
          <>
            {' '}
            <Badge tone="neutral" plain>
              server administrator
            </Badge>
          </>
        ) : null}
        <br />
        <span className="soft small">{[user.name, user.email].filter((one) => one !== '').join(' · ')}</span>
      </td>
      <td>
        <RoleField
          label={`Role of ${login}`}
          roles={ROLES}
          value={user.role}
          onChange={(role) => change(`api/org/users/${id}`, 'PATCH', { role })}
        />
      </td>
      <td className="nowrap">
        <Seen at={user.lastSeenAt} />
      </td>
      <td>
        <div className="row">
          <NewPassword user={user} work={work} />
          <button
            type="button"
            className="button"
            onClick={() => change(`api/admin/users/${id}/${user.isDisabled ? 'enable' : 'disable'}`, 'POST')}
          >
            {user.isDisabled ? 'Let in' : 'Shut out'}
          </button>
          <button
            type="button"
            className="button"
            onClick={() =>
              change(`api/admin/users/${id}/permissions`, 'PUT', { isGrafanaAdmin: !user.isAdmin })
            }
          >
            {user.isAdmin ? 'No longer server administrator' : 'Make server administrator'}
          </button>
          <button
            type="button"
            className="button"
            onClick={() => {
              if (window.confirm(`Delete the user “${login}”?`)) change(`api/admin/users/${id}`, 'DELETE')
            }}
          >
            Delete
          </button>
        </div>
      </td>
    </tr>
  )
}

/** A time of the API, or that there was none: those before 1971 stand for it. */
export function Seen({ at }: { at: string }): ReactNode {
  return at.startsWith('19') || at.startsWith('0') || at === '' ? 'never' : <Ago at={at} />
}

function NewPassword({ user, work }: { user: User; work: Work }): ReactNode {
  const [password, setPassword] = useState<string | undefined>(undefined)
  if (password === undefined)
    return (
      <button type="button" className="button" onClick={() => setPassword('')}>
        New password
      </button>
    )
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        void work
          .run(() => grafana(`api/admin/users/${user.id}/password`, { method: 'PUT', body: { password } }))
          .then((isDone) => isDone && setPassword(undefined))
      }}
    >
      <input
        className="field"
        type="password"
        autoFocus
        autoComplete="new-password"
        aria-label={`New password of ${user.login}`}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <button className="button primary" disabled={password === '' || work.isBusy}>
        Set
      </button>
      <button type="button" className="button quiet" onClick={() => setPassword(undefined)}>
        Cancel
      </button>
    </form>
  )
}
