/** A server of files with byte ranges, and with every fault that a test asks for. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Served {
  bytes: Uint8Array;
  etag?: string | null;
  lastModified?: string;
  /** 'ignored': always 200 and the whole file; 'hidden': 206 without Content-Range. */
  ranges?: 'ignored' | 'hidden';
  /** The status of the next answers, one each, before things go well. */
  statuses?: number[];
  redirect?: string;
  /** Each answer breaks off after so many bytes of its body. */
  cutAfter?: number;
  /** Says nothing for so long before each answer, in milliseconds. */
  delay?: number;
  /** Lies about the size of the whole, without a body: for files too large for a test. */
  claims?: number;
}

export interface FileServer {
  url: string;
  files: Map<string, Served>;
  /** 'GET /path bytes=0-0' in order. */
  requests: string[];
  close(): Promise<void>;
}

/** `cors`: whether pages of other sites may read what it serves. */
export async function fileServer(cors = true): Promise<FileServer> {
  const files = new Map<string, Served>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response, files, requests, cors);
  });
  // A test that computes for longer than a connection is kept must not find it closed.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, files: Map<string, Served>, requests: string[], cors: boolean): Promise<void> {
  const path = request.url ?? '/';
  requests.push(`${request.method} ${path} ${request.headers.range ?? ''}`.trim());
  if (cors) {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'ETag, Content-Range, Link');
  }
  const file = files.get(path);
  if (!file) return void response.writeHead(404).end('no such file');
  if (file.delay) await new Promise((resolve) => setTimeout(resolve, file.delay));
  const status = file.statuses?.shift();
  if (status !== undefined) return void response.writeHead(status).end('fault');
  if (file.redirect) return void response.writeHead(302, { location: file.redirect }).end();
  if (file.etag !== null) response.setHeader('etag', file.etag ?? '"one"');
  if (file.lastModified) response.setHeader('last-modified', file.lastModified);
  const size = file.bytes.length;
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (!range || file.ranges === 'ignored') return send(response, 200, file.bytes, file, file.claims ?? size);
  const [begin, end] = [Number(range[1]), Math.min(size, Number(range[2]) + 1)];
  if (begin >= size) return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  if (file.ranges !== 'hidden') response.setHeader('content-range', `bytes ${begin}-${end - 1}/${file.claims ?? size}`);
  send(response, 206, file.bytes.subarray(begin, end), file, end - begin);
}

function send(response: ServerResponse, status: number, bytes: Uint8Array, { cutAfter }: Served, length: number): void {
  response.writeHead(status, { 'content-length': length, 'content-type': 'application/octet-stream' });
  if (cutAfter === undefined || bytes.length <= cutAfter) return void response.end(bytes);
  response.write(bytes.subarray(0, cutAfter), () => response.destroy());
}
