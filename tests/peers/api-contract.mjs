/*
 * docs/openapi.yaml as a judge: an HTTP client whose every exchange is held against the description, and which
 * remembers what it has seen of it.
 */
import fs from 'node:fs';
import http from 'node:http';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { Validator } from '@seriousme/openapi-schema-validator';
import YAML from 'yaml';

const TIMEOUT_MS = 60000;

export class Contract {
  #ajv = new Ajv({ strict: false, allErrors: true });
  #compiled = new Map();
  /** "GET /api/health 200" that were seen */
  seen = new Set();
  /** error codes that were seen */
  codes = new Set();

  /** @param {string} file @param {string} host "ADDRESS:PORT" @param {string} token that the program asks for */
  constructor(file, host, token) {
    this.token = token;
    this.text = fs.readFileSync(file, 'utf8');
    this.document = YAML.parse(this.text);
    this.host = host;
    formats.default(this.#ajv);
    this.#ajv.addSchema({ $id: 'contract', components: this.document.components });
  }

  /** Whether the file is an OpenAPI document at all; else why not. */
  async validity() {
    const result = await new Validator().validate(this.document);
    return result.valid ? '' : JSON.stringify(result.errors);
  }

  /**
   * Whether a value is as a schema says, given as it stands in the document; else what is wrong.
   * @param {object} schema @param {unknown} value
   */
  fault(schema, value) {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"contract#/components');
    if (!this.#compiled.has(text)) this.#compiled.set(text, this.#ajv.compile(JSON.parse(text)));
    const check = this.#compiled.get(text);
    return check(value) ? '' : check.errors.map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`).join('; ');
  }

  /** The same of a schema in components. @param {string} name @param {unknown} value */
  faultOf(name, value) {
    return this.fault({ $ref: `#/components/schemas/${name}` }, value);
  }

  /** Follow a $ref of the document. @param {any} object */
  resolve(object) {
    if (!object?.$ref) return object;
    return object.$ref.slice(2).split('/').reduce((at, part) => at[part], this.document);
  }

  /** @param {string} method @param {string} path */
  operation(method, path) {
    return this.document.paths[path]?.[method.toLowerCase()];
  }

  /**
   * Ask, and hold the answer against what the operation may answer with.
   * @param {string} method @param {string} path as in the document @param {any} [options] ids, query, body (JSON),
   * raw (bytes), type, headers
   * @returns {Promise<{status: number, headers: any, text: string, json: any, fault: string}>}
   */
  async call(method, path, options = {}) {
    const filled = path.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(options.ids?.[name] ?? 'missing'));
    const answer = await this.request(method, filled + (options.query ?? ''), options);
    return { ...answer, fault: this.judge(method, path, answer, options) };
  }

  judge(method, path, answer, options = {}) {
    const operation = this.operation(method, path);
    if (!operation) return `${method} ${path} is not described`;
    this.seen.add(`${method} ${path} ${answer.status}`);
    const response = this.resolve(operation.responses[answer.status]);
    if (!response) return `${answer.status} is not described: ${answer.text}`;
    if (options.body !== undefined && answer.status < 300) {
      const wrong = this.fault(operation.requestBody.content['application/json'].schema, options.body);
      if (wrong) return `a body that was taken is not described: ${wrong}`;
    }
    return this.judgeResponse(response, answer);
  }

  /** Content type, body and headers. @param {any} response @param {any} answer */
  judgeResponse(response, answer) {
    for (const [name, header] of Object.entries(response.headers ?? {}))
      if (header.required && !answer.headers[name.toLowerCase()]) return `there is no header ${name}`;
    const [type, media] = Object.entries(response.content ?? {})[0] ?? [];
    const got = answer.headers['content-type']?.split(';')[0];
    if (!type) return answer.text === '' ? '' : `a body that is not described: ${answer.text}`;
    if (got !== type) return `${got} instead of ${type}`;
    if (type !== 'application/json') return this.fault(media.schema, answer.text);
    if (answer.json === undefined) return `no JSON: ${answer.text}`;
    if (answer.json?.error?.code) this.codes.add(answer.json.error.code);
    return this.fault(media.schema, answer.json);
  }

  /** @returns {Promise<{status: number, headers: any, text: string, json: any, socket: any}>} */
  request(method, path, { body, raw, type, headers } = {}) {
    const bytes = raw ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
    const all = { Authorization: `Bearer ${this.token}`, ...(bytes && { 'Content-Type': type ?? 'application/json', 'Content-Length': bytes.length }), ...headers };
    for (const name of Object.keys(all)) if (all[name] === null) delete all[name];
    const [host, port] = this.host.split(':');
    return new Promise((resolve, reject) => {
      const request = http.request({ host, port, method, path, headers: all, agent: false, timeout: TIMEOUT_MS });
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer`)));
      request.on('error', reject);
      request.on('upgrade', (response, socket, head) =>
        resolve({ status: 101, headers: response.headers, text: '', json: undefined, socket, head }));
      request.on('response', (response) => {
        const parts = [];
        response.on('error', reject);
        response.on('data', (part) => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          let json;
          try {
            json = JSON.parse(text);
          } catch {
            json = undefined; // of most paths it need not be
          }
          resolve({ status: response.statusCode, headers: response.headers, text, json, socket: null });
        });
      });
      request.end(bytes);
    });
  }

  /** "GET /api/health 200" of all that is described. */
  *described() {
    for (const [path, item] of Object.entries(this.document.paths))
      for (const method of ['get', 'put', 'post', 'delete'])
        for (const status of Object.keys(item[method]?.responses ?? {})) yield `${method.toUpperCase()} ${path} ${status}`;
  }
}
