"""Small files in the published layouts, with invented numbers, for tests to read.

Every builder writes into a folder and gives back the path. The numbers are a fixed function of
authority and year, and agree with each other: percentages are their counts' to one decimal.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from earlywarn.authorities import Register
from earlywarn.sources.lait_sums import SUMMED

Row = dict[str, str]
Cells = Mapping[tuple[str, int], Mapping[str, str]]

REGISTER = Register.load()
_AREA = dict(zip(REGISTER.area_codes["la_code"], REGISTER.area_codes["gss_code"], strict=True))
_PLACES = REGISTER.authorities.set_index("la_code")[["la_name", "region"]].to_dict("index")
ID = [
    "time_period",
    "time_identifier",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
]


def codes_in(year: int, month: int = 3, day: int = 31) -> list[str]:
    """The authorities on a day, by code: the 31 March of the year unless told."""
    return list(REGISTER.existing(date(year, month, day))["la_code"])


def size(code: str, year: int) -> int:
    """An invented number of referrals, from 400 to 6,000 an authority."""
    seed = 0 if code == "ENG" else int(code)
    # Nearly the same every year: a figure far from its other years is a warning.
    return 400 + (seed * 7919) % 5600 + 45 * (year % 100)


def percent(part: float, whole: float) -> str:
    """The percentage as the tables print it: one decimal, none if it is zero."""
    return f"{round(100 * part / whole + 1e-9, 1):g}"


def _c1(code: str, year: int) -> Row:
    n = size(code, year)
    again, nothing, not_in_need = n // 5, n // 16, n // 3
    return {
        "category": "Referrals and Re-referrals",
        "referral_count": str(n),
        "rereferral_count": str(again),
        "rereferral_percent": percent(again, n),
        "no_further_action_count": str(nothing),
        "no_further_action_percent": percent(nothing, n),
        "not_in_need_count": str(not_in_need),
        "not_in_need_percent": percent(not_in_need, n),
        "referral_child_count": str(n - 7),
    }


def _c1_2024(code: str, year: int) -> Row:
    new = _c1(code, year)
    names = {
        "referral_count": "Referrals",
        "rereferral_count": "Re_referrals",
        "rereferral_percent": "Re_referrals_percent",
        "no_further_action_count": "No_Further_Action",
        "no_further_action_percent": "No_Further_Action_percent",
        "not_in_need_count": "Not_in_Need",
        "not_in_need_percent": "Not_in_Need_percent",
    }
    return {"category": new["category"]} | {names[name]: new[name] for name in names}


def _b1(code: str, year: int) -> Row:
    n = size(code, year)
    return {
        "category": "Children in Need",
        "Anypoint_episodes": str(n * 2),
        "Started_episodes": str(n),
        "Ended_episodes": str(n - 20),
        "At31_episodes": str(n // 2),
    }


def _d3(code: str, year: int) -> Row:
    n = size(code, year) // 8
    return {
        "category": "Child Protection Plans which are a second or subsequent plan",
        "CPP_start": str(n),
        "CPP_subsequent": str(n // 4),
        "CPP_subsequent_percent": percent(n // 4, n),
    }


def _d5(code: str, year: int) -> Row:
    n = size(code, year) // 10
    long = max(6, n // 40)  # fewer are suppressed
    return {
        "category": "Child Protection Plans by length of time",
        "CPP_At31": str(n),
        "3_months_or_less": str(n // 3),
        "2_years_or_more": str(long),
        "2_years_or_more_percent": percent(long, n),
    }


def _csww(code: str, year: int) -> Row:
    staff = size(code, year) // 10
    gone, agency, vacant, holders = staff // 7, staff // 6, staff // 5, staff - staff // 4
    return {
        "inpost_fte": str(staff),
        "leavers_fte": str(gone),
        "turnover_rate_fte": percent(gone, staff),
        "agency_fte": str(agency),
        "agency_rate_fte": percent(agency, agency + staff),
        "agency_cover_fte": str(agency - agency // 8 - 1),
        "vacancy_fte": str(vacant),
        "vacancy_rate_fte": percent(vacant, vacant + staff),
        "case_holders_fte": str(holders),
        "cases": str(holders * 16),
        "caseload_fte": "16",
        "working_days_lost_fte": str(staff * 8),
        "absence_rate_fte": "3.2",
    }


def _csww_2022(code: str, year: int) -> Row:
    names = {
        "inpost_fte": "social_worker_fte",
        "leavers_fte": "leaver_fte",
        "turnover_rate_fte": "turnover_rate_fte_%",
        "agency_rate_fte": "agency_worker_rate_fte_%",
        "vacancy_rate_fte": "vacancy_rate_fte_%",
        "absence_rate_fte": "absence_rate_fte_%",
    }
    return {names.get(name, name): cell for name, cell in _csww(code, year).items()}


def _cla(code: str, year: int) -> Row:
    children, looked_after = size(code, year) * 10, size(code, year) // 14
    return {
        "population_type": "Children looked after on 31 March each year",
        "population_estimate": str(children),
        "children_count": str(looked_after),
        "rate_per_10000": f"{round(10_000 * looked_after / children):d}",
    }


def _ons(code: str, year: int) -> Row:
    return {
        "age_group": "Children aged 0 to 17 years",
        "population_estimate": str(size(code, year) * 10),
    }


TABLES: dict[str, tuple[str, Callable[[str, int], Row]]] = {
    "C1": ("c1_referrals.csv", _c1),
    "C1 2024": ("c1_referrals_as_in_2024.csv", _c1_2024),
    "B1": ("b1_children_in_need.csv", _b1),
    "D3": ("d3_subsequent_plans.csv", _d3),
    "D5": ("d5_duration.csv", _d5),
    "CSWW": ("csww_indicators.csv", _csww),
    "CSWW 2022": ("csww_headline_measures.csv", _csww_2022),
    "CLA": ("cla_number_and_rate.csv", _cla),
    "ONS": ("mid_year_population.csv", _ons),
}
"""Every wide table: a file name, and the cells of an authority and year."""


def wide_rows(table: str, years: Iterable[int], codes: Sequence[str] | None = None) -> list[Row]:
    """The rows of a wide table: England, a region, and the authorities of each year."""
    make = TABLES[table][1]
    late = table.startswith(("CSWW", "ONS"))
    rows = []
    for year in sorted(years, reverse=True):
        here = codes if codes is not None else codes_in(year, *((9, 30) if late else (3, 31)))
        rows.append(_identified("National", year, "") | make("ENG", year))
        rows.append(_identified("Regional", year, "") | make("999", year))
        rows += [_identified("Local authority", year, code) | make(code, year) for code in here]
    return rows


def _identified(level: str, year: int, code: str) -> Row:
    place = _PLACES.get(
        # A region of none of the authorities: invented figures need not add up.
        code,
        {"la_name": "", "region": "Elsewhere" if level == "Regional" else ""},
    )
    cells = [str(year), "Reporting year", level, "E92000001", "England", "", place["region"]]
    return dict(zip(ID, [*cells, code, _AREA.get(code, ""), place["la_name"]], strict=True))


def write_rows(path: Path, rows: Sequence[Row], *, encoding: str = "utf-8") -> Path:
    """Rows as a CSV file; the first row's keys are the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_table(
    folder: Path,
    table: str,
    years: Iterable[int] = (2024, 2025),
    *,
    codes: Sequence[str] | None = None,
    cells: Cells | None = None,
    name: str | None = None,
    encoding: str = "utf-8",
) -> Path:
    """A wide table as a CSV file.

    `cells` replaces some: {("201", 2025): {"referral_count": "c"}}; "ENG" is England's row.
    """
    rows = wide_rows(table, years, codes)
    for (code, year), changed in (cells or {}).items():
        old = "" if code == "ENG" else code
        for row in rows:
            if (row["old_la_code"], row["time_period"]) == (old, str(year)) and (
                code != "ENG" or row["geographic_level"] == "National"
            ):
                row.update(changed)
    return write_rows(folder / (name or TABLES[table][0]), rows, encoding=encoding)


# No four years are the same: a year that is one before it is a warning. What a wide table has
# too is what it has there.
LAIT_VALUES: dict[str, Callable[[str, int], str]] = {
    "Section_47": lambda code, year: f"{100 + size(code, 2000) % 150}.{4 + (year + 3) % 4}",
    "ISCP_Conf": lambda code, year: f"{40 + size(code, 2000) % 60}.{5 + (year + 3) % 4}",
    "CP_conf_15days": lambda code, year: percent(30, 40),
    "10_ICPC": lambda code, year: "10",
    "15_ICPC": lambda code, year: "20",
    "20_ICPC": lambda code, year: "6",
    "21_ICPC": lambda code, year: "4",
    "Continue_Assess_Comp": lambda code, year: f"{70 + size(code, 2000) % 30}.{1 + (year + 3) % 4}",
    "RevCP": lambda code, year: percent(180, 200),
    "CPP_Reviewed_InReqTimeScl": lambda code, year: "180",
    "CPP_31March_3MnthorMore": lambda code, year: "200",
    "CareApplications": lambda code, year: f"{5 + size(code, 2000) % 10}.{2 + (year + 3) % 4}",
    "LAC": lambda code, year: _cla(code, year)["rate_per_10000"],
    "LACnum": lambda code, year: f"{size(code, year) // 14}",
    "LACStable_2016on": lambda code, year: f"{5 + size(code, 2000) % 10}.{(year + 3) % 4}",
    "LAC_LongStable%": lambda code, year: f"{60 + size(code, 2000) % 20}.{(year + 3) % 4}",
    "LACHealth%": lambda code, year: f"{80 + size(code, 2000) % 17}.{(year + 3) % 4}",
    "LACDental%": lambda code, year: f"{60 + size(code, 2000) % 37}.{(year + 3) % 4}",
    "LACVaccinations%": lambda code, year: f"{70 + size(code, 2000) % 27}.{(year + 3) % 4}",
    "CareLeaverAcc": lambda code, year: f"{80 + size(code, 2000) % 17}.{(year + 3) % 4}",
    "CareLeaverEET": lambda code, year: f"{40 + size(code, 2000) % 30}.{(year + 3) % 4}",
    "NoCareLeavers": lambda code, year: f"{50 + size(code, 2000) % 300 + (year + 3) % 4}",
    "SWFinance": lambda code, year: f"{60 + size(code, 2000) % 200 + (year + 3) % 4}",
    "PriFSM": lambda code, year: f"{10 + size(code, 2000) % 30}.{3 + (year + 3) % 4}",
    "Work_Force_Vac_Rate": lambda code, year: _csww(code, year)["vacancy_rate_fte"],
    "Work_Force_TO_Rate": lambda code, year: _csww(code, year)["turnover_rate_fte"],
    "Work_Force_Agecy_Rate": lambda code, year: _csww(code, year)["agency_rate_fte"],
    "Work_Force_SWAbsence": lambda code, year: _csww(code, year)["absence_rate_fte"],
    "Work_Force_AvgNumCase_SW": lambda code, year: _csww(code, year)["caseload_fte"],
    "EALPri": lambda code, year: "20",
}
"""The measures that are read of the LAIT file, and one that is not."""


def lait_rows(
    years: Iterable[int],
    codes: Sequence[str] | None = None,
    cells: Mapping[tuple[str, str, int], str] | None = None,
) -> list[Row]:
    """Rows of the LAIT file: all authorities there ever were, '-' for those that are not there.

    `cells` replaces some: {("CareApplications", "928", 2023): "8.1"}.
    """
    everyone = list(codes) if codes is not None else [str(code) for code in _PLACES]
    rows = []
    for year in years:
        here, late = set(codes_in(year)), set(codes_in(year, 9, 30))
        for code in [*everyone, "ENG", "980"]:
            for desc, value in LAIT_VALUES.items():
                of_day = late if desc.startswith("Work_Force") else here
                there = code in of_day or code in {"ENG", "980"}
                text = value("999" if code == "980" else code, year) if there else "-"
                # What a region's authorities would have to add up to is left out.
                if code == "980" and desc in SUMMED:
                    text = "-"
                spent = desc == "SWFinance"
                rows.append(
                    {
                        "Short Desc": desc,
                        "Data item": "",
                        "Years": f"{year - 1}-{year % 100:02d} (OT)" if spent else str(year),
                        "LA and Regions": _PLACES.get(code, {"la_name": code})["la_name"],
                        "Values": (cells or {}).get((desc, code, year), text),
                        "LA Number": {"ENG": "970"}.get(code, code),
                        "Region": _PLACES.get(code, {"region": "NA"})["region"],
                    }
                )
    return rows


def write_lait(
    folder: Path,
    years: Iterable[int] = (2024, 2025),
    *,
    codes: Sequence[str] | None = None,
    cells: Mapping[tuple[str, str, int], str] | None = None,
    name: str = "lait_bds_long.parquet",
) -> Path:
    """The LAIT file, as Parquet or as CSV by the name."""
    rows = lait_rows(years, codes, cells)
    if name.endswith(".csv"):
        return write_rows(folder / name, rows)
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(rows)
    frame["LA Number"] = frame["LA Number"].astype("float64")
    frame.to_parquet(folder / name)
    return folder / name


def write_neighbours(
    folder: Path, model: int = 2025, *, changed: Mapping[tuple[str, int], str] | None = None
) -> Path:
    """A table of statistical neighbours in the layout of either model's CSV file."""
    codes = codes_in(model, 4, 1)
    rows = []
    for place, code in enumerate(codes):
        others = [codes[(place + step) % len(codes)] for step in range(1, 11)]
        name = str(_PLACES[code]["la_name"])
        row = (
            {"old_la_code": code, "la_name": name, "region_ind": "3", "region_name": "x"}
            if model == 2025
            else {"LA num": code, "LA Name": name, "LA number": code, "GOInd": "3", "GOReg": "x"}
        )
        for rank, other in enumerate(others, 1):
            label = f"SN_{rank}" if model == 2025 else f"SN{rank}"
            row[label] = (changed or {}).get((code, rank), other)
            row[f"{label}P"] = "Close"
        rows.append(row)
    name = "sn_model_2025_wide.csv" if model == 2025 else "Neighbours_April_2021.csv"
    return write_rows(folder / name, rows, encoding="utf-8-sig")


def write_published(folder: Path, years: Sequence[int] = tuple(range(2016, 2026))) -> Path:
    """A whole folder: every table, both neighbour models, all of it consistent."""
    for table in ("C1", "B1", "D3", "D5", "CLA"):
        write_table(folder, table, years)
    write_table(folder, "CSWW", [year for year in years if year >= 2017])
    write_table(folder, "ONS", [year - 1 for year in years])
    write_lait(folder, years)
    for model in (2021, 2025):
        write_neighbours(folder, model)
    return folder
