import { useState, type ReactNode } from 'react'
import { routePrefix } from '../../data/prefix.ts'
import { grafana } from '../dashboards/data/grafana-api.ts'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { AdminFrame } from './admin-frame.tsx'
import { Fault, ListCard } from './list-card.tsx'
import { useList, useWork, type Work } from './use-list.ts'
import { Seen } from './users-page.tsx'

interface Me {
  readonly login: string
  readonly name: string
  readonly email: string
  readonly role: string
  /** `user`, `local`, `root`, … */
  readonly kind: string
}

interface Session {
  readonly id: number
  readonly clientIp: string
  readonly browser: string
  readonly createdAt: string
  readonly seenAt: string
}

/** `/admin/account`: who one is here, one's password and one's browsers. */
export function AccountPage(): ReactNode {
  const { data, error, refetch } = useList<Me>('api/user')
  const work = useWork()
  return (
    <AdminFrame
      title="My account"
      actions={
        data?.kind === 'user' ? (
          <a className="button" href={`${routePrefix()}/logout`}>
            Sign out
          </a>
        ) : null
      }
    >
      <Fault text={work.fault} />
      {error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <section className="card">
          <Skeleton lines={3} />
        </section>
      ) : (
        <>
          <section className="card" aria-label="Who I am">
            <dl className="facts card-body">
              <dt>Login</dt>
              <dd>{data.login}</dd>
              <dt>Name</dt>
              <dd>{data.name || '–'}</dd>
              <dt>Role</dt>
              <dd>{data.role}</dd>
              <dt>Signed in as</dt>
              <dd>{KINDS[data.kind] ?? data.kind}</dd>
            </dl>
          </section>
          {data.kind === 'user' ? (
            <>
              <OwnPassword work={work} login={data.login} />
              <Sessions work={work} />
            </>
          ) : null}
        </>
      )}
    </AdminFrame>
  )
}

const KINDS: Readonly<Record<string, string>> = {
  user: 'a user with a password',
  local: 'the administrator of this machine: nobody has a password yet',
  root: 'the administrator, by the token of the start',
  service: 'a service account',
  anonymous: 'nobody: reading is open to everybody',
}

function OwnPassword({ work, login }: { work: Work; login: string }): ReactNode {
  const [oldPassword, setOld] = useState('')
  const [newPassword, setNew] = useState('')
  return (
    <section className="card" aria-labelledby="own-password-title">
      <div className="card-head">
        <h2 id="own-password-title">Password</h2>
      </div>
      <form
        className="card-body stack"
        onSubmit={(event) => {
          event.preventDefault()
          void work
            .run(() => grafana('api/user/password', { method: 'PUT', body: { oldPassword, newPassword } }))
            .then((isDone) => isDone && window.location.assign(`${routePrefix()}/login?to=/admin/account`))
        }}
      >
        <input type="text" name="username" autoComplete="username" value={login} readOnly hidden />
        <div className="form-grid">
          <label>
            Old password
            <input
              className="field"
              type="password"
              required
              autoComplete="current-password"
              value={oldPassword}
              onChange={(event) => setOld(event.target.value)}
            />
          </label>
          <label>
            New password
            <input
              className="field"
              type="password"
              required
              autoComplete="new-password"
              value={newPassword}
              onChange={(event) => setNew(event.target.value)}
            />
          </label>
        </div>
        <div className="row">
          <button className="button primary" disabled={work.isBusy}>
            Change the password
          </button>
          <span className="soft small">All browsers are signed out.</span>
        </div>
      </form>
    </section>
  )
}

function Sessions({ work }: { work: Work }): ReactNode {
  const sessions = useList<readonly Session[]>('api/user/auth-tokens')
  return (
    <ListCard
      label="Browsers that are signed in"
      query={sessions}
      heads={['Browser', 'From', 'Since', 'Seen', 'What to do']}
      empty={{ title: 'No browser is signed in', text: 'You came in with a name and password, or a token.' }}
      rows={(all) =>
        all.map((session) => (
          <tr key={session.id}>
            <td style={{ overflowWrap: 'anywhere' }}>{session.browser}</td>
            <td>{session.clientIp}</td>
            <td className="nowrap">
              <Seen at={session.createdAt} />
            </td>
            <td className="nowrap">
              <Seen at={session.seenAt} />
            </td>
            <td>
              <button
                type="button"
                className="button"
                onClick={() =>
                  void work.run(() =>
                    grafana('api/user/revoke-auth-token', {
                      method: 'POST',
                      body: { authTokenId: session.id },
                    }),
                  )
                }
              >
                Sign out
              </button>
            </td>
          </tr>
        ))
      }
    />
  )
}
