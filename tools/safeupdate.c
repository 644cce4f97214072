// A server module that refuses UPDATE and DELETE without WHERE, in functions and CTEs too, as the module safeupdate does
// that hosted Supabase loads for the Data API's roles. Only for checks: tools/postgres15.sh builds it.
#include "postgres.h"

#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"

PG_MODULE_MAGIC;

void _PG_init(void);

static post_parse_analyze_hook_type next_hook = NULL;

static void refuse_without_where(Query *query) {
  ListCell *cell;

  foreach (cell, query->cteList)
    refuse_without_where(castNode(Query, lfirst_node(CommonTableExpr, cell)->ctequery));

  if ((query->commandType == CMD_UPDATE || query->commandType == CMD_DELETE) && query->jointree->quals == NULL)
    ereport(ERROR, errcode(ERRCODE_CARDINALITY_VIOLATION),
            errmsg("%s requires a WHERE clause", query->commandType == CMD_UPDATE ? "UPDATE" : "DELETE"));
}

static void after_analysis(ParseState *state, Query *query, JumbleState *jumble) {
  if (next_hook != NULL) next_hook(state, query, jumble);
  refuse_without_where(query);
}

void _PG_init(void) {
  next_hook = post_parse_analyze_hook;
  post_parse_analyze_hook = after_analysis;
}
