import type { BuildInfo, RuntimeInfo } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { ask } from '../data/api.ts'
import { useFiring } from '../data/rules-overview.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import { Shortcuts } from './shortcuts.tsx'
import { useTheme } from './theme.ts'

const PAGES: readonly (readonly [path: string, name: string, icon: IconName])[] = [
  ['/', 'Home', 'home'],
  ['/dashboards', 'Dashboards', 'dashboards'],
  ['/query', 'Query', 'query'],
  ['/alerts', 'Alerts', 'alerts'],
  ['/incidents', 'Incidents', 'inbox'],
  ['/rules', 'Rules', 'rules'],
  ['/targets', 'Targets', 'targets'],
  ['/status', 'Status', 'status'],
  ['/admin/users', 'Admin', 'people'],
]
const STATUS_PAGES = ['/status', '/flags', '/config', '/tsdb-status', '/usage', '/remote-write']

/** The frame of every page: navigation, notices that concern everything, theme, shortcuts. */
export function Shell({ children }: { children: ReactNode }): ReactNode {
  const [location] = useLocation()
  const [theme, toggleTheme] = useTheme()
  const [help, setHelp] = useState(false)
  const openHelp = useCallback((open: boolean) => setHelp(open), [])
  const firing = useFiring().data?.alerts.firing
  const title = usePageTitle()
  useEffect(() => {
    const name = PAGES.find(([path]) => isCurrent(path, location))?.[1]
    if (location.startsWith('/d/')) return
    document.title = name === undefined ? title : `${name} · ${title}`
  }, [location, title])
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="side">
        <Link href="/" className="brand">
          <Logo />
          {title}
        </Link>
        <nav aria-label="Pages">
          <ul>
            {PAGES.map(([path, name, icon]) => (
              <li key={path}>
                <Link
                  href={path}
                  className="side-link"
                  aria-current={isCurrent(path, location) ? 'page' : undefined}
                >
                  <Icon name={icon} />
                  <span className="side-name">{name}</span>
                  {path === '/alerts' && firing ? (
                    <span className="badge bad plain count" aria-label={`${firing} firing`}>
                      {firing}
                    </span>
                  ) : null}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="side-foot">
          <button
            type="button"
            className="button quiet icon-only"
            data-theme-toggle
            onClick={toggleTheme}
            aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
            title="Dark or light (d)"
          >
            <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
          </button>
          <button
            type="button"
            className="button quiet icon-only"
            onClick={() => setHelp(true)}
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
          >
            <Icon name="keyboard" />
          </button>
          <Version />
        </div>
      </header>
      <main className="main" id="content" tabIndex={-1}>
        <ReloadNotice />
        {children}
      </main>
      <Shortcuts open={help} onOpen={openHelp} toggleTheme={toggleTheme} />
    </div>
  )
}

/** `--web.page-title`. */
function usePageTitle(): string {
  const { data } = useQuery({
    queryKey: ['flags'],
    queryFn: ({ signal }) => ask<Record<string, string>>('status/flags', {}, signal),
    staleTime: Infinity,
  })
  return data?.data['web.page-title'] || 'Promontory'
}

function isCurrent(path: string, location: string): boolean {
  if (path === '/dashboards') return /^\/(dashboards?|d|d-solo)(\/|$)/.test(location)
  if (path === '/admin/users') return location.startsWith('/admin/')
  if (path === '/targets' && location === '/service-discovery') return true
  if (path !== '/' && location.startsWith(`${path}/`)) return true
  return path === '/status' ? STATUS_PAGES.includes(location) : location === path
}

function Logo(): ReactNode {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0b5f86" />
      <path d="M5 24c4-1 6-4 8-8l2-9h3l1.600 9c1.600 5 4.600 7 7.400 8z" fill="#fff" />
      <circle cx="16.500" cy="6" r="2.600" fill="#ffc857" />
    </svg>
  )
}

function Version(): ReactNode {
  const { data } = useQuery({
    queryKey: ['buildinfo'],
    queryFn: ({ signal }) => ask<BuildInfo>('status/buildinfo', {}, signal),
    staleTime: Infinity,
  })
  return (
    <span className="soft small number">{data?.data.applicationVersion ?? data?.data.version ?? ''}</span>
  )
}

/** Says that the configuration that was tried last is not in use, and why. */
function ReloadNotice(): ReactNode {
  const { data, error } = useQuery({
    queryKey: ['runtimeinfo'],
    queryFn: ({ signal }) => ask<RuntimeInfo>('status/runtimeinfo', {}, signal),
    refetchInterval: 5000,
  })
  if (error !== null)
    return (
      <div className="notice bad" role="alert" style={{ marginBottom: 'var(--space-4)' }}>
        <div>
          <strong>The server does not answer.</strong> What you see is from before.{' '}
          <span className="soft">{error.message}</span>
        </div>
      </div>
    )
  if (data === undefined || data.data.reloadConfigSuccess) return null
  return (
    <div className="notice bad" role="alert" style={{ marginBottom: 'var(--space-4)' }}>
      <div>
        <strong>The last configuration was refused; the one before it stays in use.</strong>
        <pre>{data.data.reloadError ?? 'See the log of the server.'}</pre>
      </div>
    </div>
  )
}
