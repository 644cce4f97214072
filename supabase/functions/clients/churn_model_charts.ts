import { createRoute, type z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Chart } from "../_shared/charts/chart.ts";
import { svgAnswer, svgResponse, ThemeQuery } from "../_shared/charts/response.ts";
import { IfNoneMatchHeader, notModified } from "../_shared/etag.ts";
import { problems } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { type Figures, readCard } from "./churn_model.ts";

type Figures = z.infer<typeof Figures>;
type Card = Awaited<ReturnType<typeof readCard>>;
type Model = NonNullable<Card["model"]>;

function route<P extends string>(path: P, operationId: string, summary: string, about: string) {
  return createRoute({
    method: "get",
    path,
    operationId,
    tags: ["clients"],
    summary,
    description:
      `${about} From the model in use and the clients on which it was tested; readable without colour. ` +
      "Empty where no model was tested so far.",
    ...permitted("churn:read"),
    request: { headers: IfNoneMatchHeader, query: ThemeQuery },
    responses: { 200: svgResponse, ...notModified, ...guarded, ...problems(422) },
  });
}

const calibration = route(
  "/churn-model/calibration.svg",
  "getChurnCalibrationChart",
  "The calibration of the model as a chart",
  "For each tenth of the clients the share that was expected to leave and the share that left, with its interval.",
);
const lift = route(
  "/churn-model/lift.svg",
  "getChurnLiftChart",
  "The lift of the model as a chart",
  "How many times as many left among the riskiest tenth, two tenths … as among all, by the model and by the built-in rule.",
);

/** A chart of the figures of the model in use. A rule that nobody tested has none. */
function chartOf(
  { model }: Card,
  title: string,
  draw: (model: Model, figures: Figures) => Omit<Chart, "kind" | "title" | "subtitle">,
): Chart {
  const figures = model?.metrics.model;
  if (!model || !figures) {
    const subtitle = "No model was tested so far";
    return { kind: "line", title, subtitle, categories: [], series: [], unit: "number" };
  }
  return { kind: "line", title, subtitle: subtitleOf(model, figures), ...draw(model, figures) };
}

const subtitleOf = ({ trained_on, number }: Model, f: Figures) =>
  `Record ${number} of ${trained_on}, tested on ${f.clients} clients, of whom ${f.events} left within 90 days`;

/** From the lowest risk to the highest, as calibration curves are read. */
const calibrationChart = (card: Card): Chart =>
  chartOf(card, "Expected and observed churn by tenth of risk", (_model, figures) => {
    const rows = figures.tenths.toSorted((a, b) => b.tenth - a.tenth);
    const observed = (part: "rate" | "low" | "high") =>
      rows.map((row) => row.observed?.[part] ?? null);
    return {
      categories: rows.map(({ tenth }) => String(11 - tenth)),
      series: [
        { label: "Expected", values: rows.map(({ predicted }) => predicted) },
        { label: "Observed", values: observed("rate") },
        { label: "Observed, lower end", values: observed("low") },
        { label: "Observed, upper end", values: observed("high") },
      ],
      unit: "ratio",
    };
  });

const tenths = Array.from({ length: 10 }, (_, at) => at + 1);

/** The churn among the first n tenths over that of all; null where nobody left. */
function cumulativeLift(figures: Figures): (number | null)[] {
  const share = (upTo: number) => {
    const rows = figures.tenths.filter(({ tenth }) => tenth <= upTo);
    const weight = rows.reduce((sum, row) => sum + row.weight, 0);
    const left = rows.reduce((sum, row) => sum + row.weight * (row.observed?.rate ?? 0), 0);
    return weight > 0 ? left / weight : 0;
  };
  const base = share(10);
  return tenths.map((upTo) => base > 0 ? share(upTo) / base : null);
}

const liftChart = (card: Card): Chart =>
  chartOf(
    card,
    "Churn among the riskiest clients, as a multiple of all",
    ({ metrics: { rule } }, figures) => ({
      categories: tenths.map((tenth) => `top ${tenth}0 %`),
      series: [
        { label: "Model", values: cumulativeLift(figures) },
        ...(rule ? [{ label: "Built-in rule", values: cumulativeLift(rule) }] : []),
      ],
      unit: "number",
    }),
  );

export function churnModelCharts(app: App) {
  app.openapi(calibration, async (c) => {
    const card = await readCard(c.var.db, c.var.actor.organizationId);
    return await svgAnswer(c, calibrationChart(card), c.req.valid("query").theme);
  });
  app.openapi(lift, async (c) => {
    const card = await readCard(c.var.db, c.var.actor.organizationId);
    return await svgAnswer(c, liftChart(card), c.req.valid("query").theme);
  });
}
