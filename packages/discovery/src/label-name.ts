/** A foreign name as part of a label name: whatever may not stand there is `_`, as Prometheus has it. */
export function labelNamePart(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/gu, '_')
}

/** `host:port`, IPv6 in brackets, as Go's `net.JoinHostPort`. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
