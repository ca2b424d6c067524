use crate::project::architecture::*;
use crate::source::SourceFile;

fn read_at(path: &str, text: &str) -> (Sources, Architecture) {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new(path, text.as_bytes().to_vec()).unwrap());
    let (read, gaps) = parse(&sources, file);
    assert_eq!(gaps, []);
    (sources, read)
}

/// Each service as `name ports strength required`.
fn stated(text: &str) -> Vec<String> {
    let (sources, read) = read_at("docs/architecture.md", text);
    let line = |s: &Stated| {
        let place = sources.text(s.span);
        assert!(place.to_lowercase().contains(&s.name.to_lowercase()), "{} at {place}", s.name);
        let ports: Vec<String> = s.ports.iter().map(|p| p.number.to_string()).collect();
        let required = if s.required { "" } else { " aside" };
        format!("{} {} {:?}{required}", s.name, ports.join(","), s.strength).replace("  ", " ")
    };
    read.services.iter().map(line).collect()
}

#[test]
fn a_table_of_services() {
    let table = "## Services\n\n| Service | Technology/Image | Internal Port |\n|---|---|---|\n\
        | **NGINX** | `nginx:1.25` | 80, 443 |\n| Worker (Celery) | Custom | N/A |\n| ~~old~~ | | 9 |\n\
        | Redis (optional) | `redis:7` | 6379 |\n| Stripe | external | |\n| web | Flask | 5173 (dev) |\n";
    assert_eq!(
        stated(table),
        [
            "NGINX 80,443 Strong", "Worker Strong", "Redis 6379 Strong aside", "Stripe Strong aside",
            "web 5173 Strong aside",
        ]
    );
}

#[test]
fn a_table_with_units_and_commands() {
    let (_, read) = read_at(
        "architecture.md",
        "| service | unit | user | port | command |\n|-|-|-|-|-|\n\
         | web | shop-web.service | app | 8000 | `gunicorn shop:app` |\n\
         | db | postgresql.service (package) | postgres | 5432 | |\n\
         | migrate | none, a step of `start.sh` | app | | `alembic upgrade head` |\n",
    );
    let [web, db, migrate] = &read.services[..] else { panic!("{:?}", read.services) };
    assert_eq!(
        (web.aliases.as_slice(), web.commands[0].text.as_str()),
        (&["shop-web".to_owned()][..], "gunicorn shop:app")
    );
    assert_eq!(db.aliases, ["postgresql"]);
    assert!(web.required && db.required && !migrate.required && read.lists_services);
    assert_eq!(read.users.iter().map(|u| u.text.as_str()).collect::<Vec<_>>(), ["app", "postgres", "app"]);
}

#[test]
fn most_tables_list_no_services() {
    for table in [
        "| Method | Endpoint | Service |\n|-|-|-|\n| GET | /users | auth |\n",
        "| Component | File | Purpose |\n|-|-|-|\n| Risk Manager | `risk.py` | orders |\n",
        "| Service | Purpose |\n|-|-|\n| TaskExecutionService | runs tasks |\n| Auth | logs in |\n",
        "| Technology | Version |\n|-|-|\n| React | 18 |\n",
        "| Role | Port |\n|-|-|\n| admin | 8000 |\n",
        "| Port | Protocol | Purpose |\n|-|-|-|\n| 80 | HTTP | redirect |\n",
        "| Service | Location | Purpose |\n|-|-|-|\n| UserService | src/user.py | users |\n",
        "| Component | Technology |\n|-|-|\n| Frontend | React |\n",
    ] {
        assert_eq!(stated(table), Vec::<String>::new(), "{table}");
    }
}

#[test]
fn lists_and_headings() {
    assert_eq!(
        stated(
            "# System\n\n- **backend** (FastAPI, port 8000)\n- Listens on port 8765 for clients\n\
             - Access Token: 15 minutes\n- API docs: http://localhost:8001/docs\n- **PostgreSQL** — the data\n\n\
             ### `zaki-server` (FastAPI, `:8002`) — the API\n\n### 4. The Proxy (port 8765)\n\n### Layers\n\n\
             ## Docker containers\n\n- **redis**: cache\n- `mailer`: mails\n  - uses SMTP\n- what it is\n"
        ),
        [
            "backend 8000 Weak", "PostgreSQL Weak", "zaki-server 8002 Medium", "The Proxy 8765 Weak",
            "redis Medium", "mailer Medium",
        ]
    );
}

#[test]
fn lines_below_a_heading_say_more_of_it() {
    let doc = "### 2. Backend (Go API)\n**Location:** `/opt/x`  \n**Service:** `x-backend.service`  \n**Port:** 8081 (internal)\n\n\
        ### Cache (Redis)\n\n- **Port**: 6379\n- speaks: RESP\n\n### Worker\n**Container**: `x-worker` on port 9000\n\n\
        ### Rules\n\nNote: 8000 is taken. Port 8000: no.\n";
    assert_eq!(stated(doc), ["Backend 8081 Medium", "Cache 6379 Weak", "Worker 9000 Medium"]);
    let (_, read) = read_at("architecture.md", doc);
    assert_eq!(read.services[0].aliases, ["x-backend"]);
}

#[test]
fn what_is_planned_or_elsewhere_is_not_required() {
    let doc = "# A\n\n| Service | Port |\n|-|-|\n| api | 8000 |\n\n## Future\n\n### More\n\n| Service | Port |\n|-|-|\n\
        | search | 9200 |\n\n## Runtime\n\n| Service | Port |\n|-|-|\n| job | 7000 |\n";
    assert_eq!(stated(doc), ["api 8000 Strong", "search 9200 Strong aside", "job 7000 Strong"]);
    let table = "| Service | Port |\n|-|-|\n| api | 8000 |\n";
    for path in [
        "docs/adr/1-architecture.md", "plans/architecture.md", ".x/ARCHITECTURE.md", "ARCHITECTURE_REVIEW.md",
    ] {
        assert!(read_at(path, table).1.aside, "{path}");
    }
    assert!(read_at("ARCHITECTURE.md", &format!("**Status:** Design Phase\n\n{table}")).1.aside);
    assert!(!read_at("docs/01-Architecture.md", table).1.aside);
}

#[test]
fn mermaid() {
    let fence = |body: &str| format!("```mermaid\n{body}```\n");
    assert_eq!(
        stated(&fence(
            "%% c\ngraph TB\n  subgraph \"Cloudflare CDN\"\n    CF[Cloudflare Proxy]\n  end\n  subgraph Host\n\
             NGINX[Nginx :80/:443] --> API[\"Django API<br/>:8000\"]\n  DB[(PostgreSQL 16)]\n  end\n\
             API -- \"SQL (port 5432)\" --> DB\n  API -->|6379| redis\n  web-app:::big --> DB\n  User([User]) --> NGINX\n"
        )),
        [
            "Cloudflare Proxy Weak aside", "Nginx 80,443 Medium", "Django API 8000 Medium",
            "PostgreSQL 16 Medium", "redis Medium", "web-app Weak", "User Weak aside",
        ]
    );
    assert_eq!(
        stated(&fence("sequenceDiagram\n participant N as Nginx Container (Port 80)\n N->>F: x\n")),
        ["Nginx Container 80 Medium"]
    );
    assert_eq!(
        stated(&fence("graph TD\n  L[Network layer :8000] --> S[SSH :22]\n")),
        ["Network layer 8000 Weak", "SSH 22 Medium aside"]
    );
    assert_eq!(stated(&fence("erDiagram\n  REDIS ||--o{ B : has\n")), Vec::<String>::new());
    assert_eq!(
        stated(&fence("C4Container\n Person(u, \"User\")\n Container(api, \"API\", \"Go\", \"x\")\n")),
        ["API Weak"]
    );
    assert_eq!(
        stated(&fence("---\ntitle: x\n---\nflowchart LR\n  nginx --> Gunicorn\n")),
        ["nginx Medium", "Gunicorn Weak"]
    );
}

#[test]
fn plantuml_and_compose() {
    assert_eq!(
        stated(
            "```plantuml\n@startuml\nactor User\ncloud Other {\n component \"Mail\" as m\n}\ncomponent \"API :8000\" as api\ndatabase PostgreSQL\n@enduml\n```\n"
        ),
        ["Mail Weak aside", "API 8000 Medium", "PostgreSQL Medium"]
    );
    assert_eq!(
        stated(
            "```yaml\nservices:\n  web:\n    image: x\n  redis:\n    image: redis\nvolumes:\n  data:\n```\n"
        ),
        ["web Weak", "redis Weak"]
    );
}

#[test]
fn trees_and_boxes_are_no_services() {
    assert_eq!(
        stated("```\nbackend/\n├── services/\n│   └── redis/  # port 6379\n```\n"),
        Vec::<String>::new()
    );
    assert_eq!(
        stated("```text\n┌────────┐\n│ Redis  │\n│ :6379  │\n└────────┘\n```\n"),
        Vec::<String>::new()
    );
}

#[test]
fn variables_and_paths() {
    let (_, read) = read_at(
        "architecture.md",
        "| variable | read by |\n|-|-|\n| DB_HOST, DB_NAME | web |\n| not one | |\n\n| path | owner |\n|-|-|\n| /opt/shop | app |\n| `venv` | |\n",
    );
    assert_eq!(read.environment.iter().map(|t| t.text.as_str()).collect::<Vec<_>>(), ["DB_HOST", "DB_NAME"]);
    assert_eq!(read.paths.iter().map(|t| t.text.as_str()).collect::<Vec<_>>(), ["/opt/shop"]);
    assert_eq!(read.services, []);
}

#[test]
fn what_is_stated_twice_is_one_service() {
    let doc = "```mermaid\ngraph TD\n  A[API :8000]\n```\n\n| Service | Port | Image |\n|-|-|-|\n| api | 8000, 9100 | x |\n";
    assert_eq!(stated(doc), ["api 8000,9100 Strong"]);
}
