/** The Kubernetes file of docs/deploying.md. No cluster runs here: it is read, and compared with itself and our options. */
import { expect } from 'chai';
import { fileOfPage } from '../support/page-file.js';
import { PythonProgram, requirePython } from '../support/python.js';
import { optionsOf, PAGE } from './support.js';

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly tcpSocket?: { readonly port: string };
}

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
}

interface Deployment {
  readonly kind: 'Deployment';
  readonly apiVersion: string;
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: { readonly runAsNonRoot: boolean };
        readonly containers: readonly Container[];
      };
    };
  };
}

interface Service {
  readonly kind: 'Service';
  readonly apiVersion: string;
  readonly spec: { readonly selector: object; readonly ports: readonly { readonly targetPort: string }[] };
}

describe('the Kubernetes file', () => {
  let python: PythonProgram;
  let deployment: Deployment;
  let service: Service;
  let container: Container;

  before(async function () {
    requirePython(this);
    python = new PythonProgram('yaml_documents.py');
    const text = fileOfPage(PAGE, 'app.yaml');
    const { answer, error } = await python.ask<[Deployment, Service]>({ text });
    expect(error).to.equal(undefined);
    [deployment, service] = answer as [Deployment, Service];
    [container] = deployment.spec.template.spec.containers as [Container];
  });
  after(() => python?.end());

  it('is a Deployment, and a Service for its pods', () => {
    expect([deployment.kind, deployment.apiVersion]).to.deep.equal(['Deployment', 'apps/v1']);
    expect([service.kind, service.apiVersion]).to.deep.equal(['Service', 'v1']);
    const { labels } = deployment.spec.template.metadata;
    expect(deployment.spec.selector.matchLabels).to.deep.equal(labels);
    expect(service.spec.selector).to.deep.equal(labels);
  });

  it('listens on the port that probes and Service know', () => {
    const [port] = container.ports;
    expect(optionsOf(container.args).bind).to.equal(`:${port?.containerPort}`);
    expect(container.readinessProbe.httpGet?.port).to.equal(port?.name);
    expect(container.livenessProbe.tcpSocket?.port).to.equal(port?.name);
    expect(service.spec.ports.map(({ targetPort }) => targetPort)).to.deep.equal([port?.name]);
  });

  it('starts the server itself, and not as root', () => {
    expect(container.command).to.deep.equal(['node', 'node_modules/wsgi/dist/bin.js']);
    expect(deployment.spec.template.spec.securityContext.runAsNonRoot).to.equal(true);
  });

  it('gives a pod the time to stop', () => {
    const [program, seconds] = container.lifecycle.preStop.exec.command;
    expect(program).to.equal('sleep');
    const { gracefulTimeout = 30 } = optionsOf(container.args);
    const { terminationGracePeriodSeconds } = deployment.spec.template.spec;
    expect(terminationGracePeriodSeconds).to.be.at.least(Number(seconds) + gracefulTimeout + 5);
  });

  it('asks the application whether it is ready, not the status', () => {
    const { statusPath } = optionsOf(container.args);
    expect(statusPath).to.be.a('string');
    expect(container.readinessProbe.httpGet?.path).not.to.equal(statusPath);
  });
});
