/** A metric in the text format of Prometheus (version 0.0.4). */
export interface Metric {
  name: string;
  help: string;
  samples: { labels: Record<string, string>; value: number }[];
}

const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

function line(name: string, { labels, value }: Metric["samples"][number]): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
}

/** Gauges in the text format; one that has no samples is left out. */
export function prometheusText(metrics: Metric[]): string {
  return metrics.filter(({ samples }) => samples.length > 0).map(({ name, help, samples }) =>
    [
      `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} gauge`,
      ...samples.map((sample) => line(name, sample)),
      "",
    ].join("\n")
  ).join("");
}
