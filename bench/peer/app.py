"""The service that Signalbox is measured against: FastAPI before the Data API, written the way such services are.

One pooled HTTP client, pydantic models for what comes in and goes out, the caller's token passed on so that row level
security decides. AUTH_CHECK=local verifies the token's signature; AUTH_CHECK=auth asks Supabase Auth for its user. Figures
are computed from the rows, page by page, because the Data API gives 1,000 at a time.
"""

import os
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal, Optional
from uuid import UUID

import httpx
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, Field

URL = os.environ["SUPABASE_URL"]
API_KEY = os.environ["API_KEY"]
JWT_KEY = jwt.PyJWK.from_json(os.environ["JWT_KEY"]).key
ORGANIZATION = os.environ["ORGANIZATION"]
ASKS_AUTH = os.environ.get("AUTH_CHECK") == "auth"
PAGE = 1000

Status = Literal["connected", "disconnected", "warned"]


class CustomerInput(BaseModel):
    name: str = Field(min_length=1, max_length=200)
    account_number: str = Field(min_length=1, max_length=50)
    phone: str = Field(regex=r"^\+[1-9][0-9]{6,14}$")
    status: Status = "connected"
    arrears: Decimal = Decimal(0)


class Customer(BaseModel):
    id: UUID
    name: str
    account_number: str
    phone: str
    status: Status
    arrears: Decimal
    currency: str
    created_at: datetime
    updated_at: datetime


class CustomerPage(BaseModel):
    data: list[Customer]
    total: int


class LeadInput(BaseModel):
    first_name: Optional[str] = Field(max_length=100)
    last_name: Optional[str] = Field(max_length=100)
    phone: Optional[str] = Field(regex=r"^\+[1-9][0-9]{6,14}$")
    email: Optional[str] = Field(max_length=254)


class Lead(BaseModel):
    id: UUID
    first_name: Optional[str]
    last_name: Optional[str]
    email: Optional[str]
    phone: Optional[str]
    source: Optional[str]
    status: str
    value: Optional[Decimal]
    currency: Optional[str]
    tags: list[str]
    custom_fields: dict[str, Any]
    assigned_to: Optional[UUID]
    team_id: Optional[UUID]
    sla_status: Optional[str]
    sla_deadline: Optional[datetime]
    created_at: datetime
    updated_at: datetime
    version: int


class LeadPage(BaseModel):
    data: list[Lead]
    total: int


class Stage(BaseModel):
    stage: str
    count: int
    value: Decimal


CUSTOMER = ",".join(Customer.__fields__)
LEAD = ",".join(Lead.__fields__)


app = FastAPI()


@app.on_event("startup")
async def start() -> None:
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
    app.state.client = httpx.AsyncClient(base_url=URL, limits=limits, timeout=30)


@app.on_event("shutdown")
async def stop() -> None:
    await app.state.client.aclose()


async def caller(authorization: str = Header()) -> str:
    token = authorization.removeprefix("Bearer ")
    if ASKS_AUTH:
        answer = await app.state.client.get(
            "/auth/v1/user", headers={"apikey": API_KEY, "authorization": authorization}
        )
        if answer.status_code != 200:
            raise HTTPException(401, "Not signed in")
        return token
    try:
        jwt.decode(token, JWT_KEY, algorithms=["ES256"], audience="authenticated")
    except jwt.PyJWTError as error:
        raise HTTPException(401, "Not signed in") from error
    return token


async def ask(token: str, method: str, path: str, *, prefer: str = "", **options: Any) -> httpx.Response:
    headers = {"apikey": API_KEY, "authorization": f"Bearer {token}"}
    if prefer:
        headers["prefer"] = prefer
    answer = await app.state.client.request(method, f"/rest/v1/{path}", headers=headers, **options)
    if answer.status_code >= 400:
        raise HTTPException(answer.status_code, answer.json().get("message"))
    return answer


async def page(token: str, table: str, limit: int, offset: int, **params: str) -> tuple[list, int]:
    answer = await ask(
        token, "GET", table, prefer="count=exact",
        params={"organization_id": f"eq.{ORGANIZATION}", "limit": limit, "offset": offset, **params},
    )
    return answer.json(), int(answer.headers["content-range"].split("/")[1])


async def every(token: str, table: str, select: str, **params: str) -> list[dict]:
    rows: list[dict] = []
    while True:
        more, total = await page(token, table, PAGE, len(rows), select=select, order="id", **params)
        rows += more
        if not more or len(rows) >= total:
            return rows


@app.get("/health")
async def health() -> dict:
    return {"status": "ok"}


@app.get("/customers", response_model=CustomerPage)
async def list_customers(
    token: str = Depends(caller), status: Optional[Status] = None,
    limit: int = Query(50, ge=1, le=200), offset: int = Query(0, ge=0),
):
    params = {} if status is None else {"status": f"eq.{status}"}
    rows, total = await page(
        token, "customers", limit, offset, select=CUSTOMER, order="created_at.desc", **params
    )
    return {"data": rows, "total": total}


@app.get("/customers/dashboard/data")
async def customers_dashboard(token: str = Depends(caller)) -> dict:
    customers = await every(token, "customers", "status,arrears")
    since = (datetime.now(timezone.utc) - timedelta(days=30)).isoformat()
    actions = await every(token, "customer_actions", "action,created_at", created_at=f"gte.{since}")
    by_status: dict[str, int] = {}
    for customer in customers:
        by_status[customer["status"]] = by_status.get(customer["status"], 0) + 1
    by_day: dict[str, int] = {}
    for action in actions:
        by_day[action["created_at"][:10]] = by_day.get(action["created_at"][:10], 0) + 1
    return {
        "total_customers": len(customers), "by_status": by_status, "by_day": by_day,
        "total_arrears": str(sum(Decimal(str(customer["arrears"])) for customer in customers)),
    }


@app.get("/customers/{id}", response_model=Customer)
async def get_customer(id: UUID, token: str = Depends(caller)):
    answer = await ask(token, "GET", "customers", params={"id": f"eq.{id}", "select": CUSTOMER})
    rows = answer.json()
    if not rows:
        raise HTTPException(404, "There is no such customer.")
    return rows[0]


@app.post("/customers", response_model=Customer, status_code=201)
async def create_customer(customer: CustomerInput, token: str = Depends(caller)):
    row = {
        **customer.dict(), "arrears": str(customer.arrears), "organization_id": ORGANIZATION, "currency": "GHS",
    }
    answer = await ask(
        token, "POST", "customers", prefer="return=representation", params={"select": CUSTOMER}, json=row
    )
    return answer.json()[0]


@app.get("/leads", response_model=LeadPage)
async def list_leads(
    token: str = Depends(caller), limit: int = Query(50, ge=1, le=200), offset: int = Query(0, ge=0)
):
    rows, total = await page(
        token, "leads", limit, offset, select=LEAD, order="created_at.desc", deleted_at="is.null"
    )
    return {"data": rows, "total": total}


@app.post("/leads", response_model=Lead, status_code=201)
async def create_lead(lead: LeadInput, token: str = Depends(caller)):
    answer = await ask(
        token, "POST", "rpc/create_lead",
        json={"organization_id": ORGANIZATION, "lead": lead.dict(exclude_none=True)},
    )
    return answer.json()


def stages(rows: list[dict]) -> list[Stage]:
    counts: dict[str, list] = {}
    for row in rows:
        sums = counts.setdefault(row["status"], [0, Decimal(0)])
        sums[0] += 1
        sums[1] += Decimal(str(row["value"] or 0))
    return [Stage(stage=stage, count=count, value=value) for stage, (count, value) in counts.items()]


@app.get("/pipeline/summary", response_model=list[Stage])
async def pipeline_summary(token: str = Depends(caller)):
    return stages(await every(token, "leads", "status,value", deleted_at="is.null"))


@app.get("/dashboard/metrics")
async def metrics(token: str = Depends(caller)) -> dict:
    leads = await every(
        token, "leads", "status,value,assigned_to,sla_status,created_at", deleted_at="is.null"
    )
    today = datetime.now(timezone.utc).date().isoformat()
    return {
        "total": len(leads),
        "new_today": sum(lead["created_at"][:10] == today for lead in leads),
        "unassigned": sum(lead["assigned_to"] is None for lead in leads),
        "breached": sum(lead["sla_status"] == "breached" for lead in leads),
        "by_status": stages(leads),
    }
