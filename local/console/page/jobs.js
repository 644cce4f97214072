// @ts-ignore -- the server answers with the package of that name
import { html } from "./htm.js";
import { shortTime } from "./time.js";

export function Jobs({ jobs }) {
  return html`
    <div class="plain">
      <table>
        <caption>Jobs of pg_cron, and the tasks that they run</caption>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">Schedule</th>
            <th scope="col">Last run</th>
            <th scope="col">Outcome</th>
            <th scope="col">Next</th>
          </tr>
        </thead>
        <tbody>${jobs.map((job) =>
          html`
            <tr key=${job.name}>
              <th scope="row" class=${job.task_of ? "task" : ""}>${job.name}</th>
              <td>${job.task_of
                ? `task of ${job.task_of}`
                : html`<code>${job.schedule}</code>`}</td>
              <td>${shortTime(job.last_started_at) || "not yet"}</td>
              <td class=${`fate ${job.last_status ?? ""}`}>${job.last_status ?? ""}
                ${job.last_status === "failed" && html`
                  <span>: ${job.last_message}</span>
                `}</td>
              <td>${job.active ? shortTime(job.next_at) : "switched off"}</td>
            </tr>
          `
        )}
          </tbody>
      </table>
    </div>
  `;
}
