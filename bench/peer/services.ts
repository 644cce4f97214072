import { join } from "node:path";
import { setFunctionEnvironment } from "../../local/functions/env.ts";
import { signingKeySet } from "../../local/keys.ts";
import type { Status } from "../../local/status_file.ts";
import { freePorts } from "../../tests/support/free_ports.ts";
import { until } from "../../tests/support/wait.ts";
import { demoOrganization } from "../support/api.ts";
import { root } from "../support/stack.ts";

/** A service in a process of its own. */
export interface Service {
  pid: number;
  /** The start of its addresses: the path of an endpoint follows. */
  url: string;
  stop(): Promise<void>;
}

/** What Debian's Python needs. */
export const packages =
  "python3-fastapi python3-uvicorn python3-uvloop python3-httptools python3-httpx python3-jwt";
const python = "/usr/bin/python3";

/** Whether Debian's packages are there. */
export async function hasPeer(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(python, {
      args: ["-c", "import fastapi, uvicorn, uvloop, httptools, httpx, jwt"],
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

async function serve(
  command: Deno.Command,
  url: string,
  health: string,
): Promise<Service> {
  const child = command.spawn();
  const ended = child.status;
  const stop = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await ended;
  };
  // Whatever ends the benchmark, it leaves no service behind.
  addEventListener("unload", () => void stop());
  try {
    const answers = () =>
      fetch(`${url}${health}`).then(async (answer) => {
        await answer.body?.cancel();
        return answer.ok;
      }, () => false);
    await until(answers, { timeoutMs: 60_000, what: `${url}${health}` });
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid, url, stop };
}

let nextPort = 0;
const port = (): number => nextPort = freePorts(nextPort === 0 ? 57_000 : nextPort + 1);

/** A function of ours in a process of its own, with one isolate as the platform gives it. */
export function startFunction(name: string, status: Status): Promise<Service> {
  setFunctionEnvironment(root, { status, functionsUrl: status.api_url, smtpPort: 1 });
  const at = port();
  const entry = join(root, "supabase", "functions", name, "index.ts");
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", join(root, "tools", "edge_boot.ts"), entry, String(at)],
    cwd: join(root, "supabase", "functions"),
    stdout: "null",
    stderr: "null",
  });
  return serve(command, `http://127.0.0.1:${at}`, `/${name}/health`);
}

/** The FastAPI service, one worker. */
export function startPeer(status: Status, check: "local" | "auth"): Promise<Service> {
  const at = port();
  const command = new Deno.Command(python, {
    args: [
      ...["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", String(at)],
      ...["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"],
    ],
    cwd: join(root, "bench", "peer"),
    env: {
      SUPABASE_URL: status.api_url,
      API_KEY: status.publishable_key,
      ORGANIZATION: demoOrganization,
      JWT_KEY: JSON.stringify(signingKeySet().keys[0]),
      AUTH_CHECK: check,
      PYTHONDONTWRITEBYTECODE: "1",
    },
    stdout: "null",
  });
  return serve(command, `http://127.0.0.1:${at}`, "/health");
}
