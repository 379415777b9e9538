"""Figures of every kind of answer, as specifications and drawings, and the report."""

import json

import pytest

import isoflop as iso


@pytest.fixture(scope="module")
def fit(columns):
    return iso.fit(columns, "chinchilla", bootstrap=40)


def test_figures_of_a_fit(fit):
    found = iso.figures(fit)
    assert len(found) > 5
    assert found[0].title.startswith("loss by ")
    shown = found[0]._repr_mimebundle_()
    assert shown["image/svg+xml"].startswith("<svg")
    assert shown["application/vnd.vegalite.v5+json"]["$schema"].endswith("v5.json")
    assert found[0].table.rows > 0
    assert iso.figures(fit, dark=True)[0].spec != found[0].spec


def test_figures_of_results(columns, fit):
    plan = iso.plan(fit, "inference-aware", target=2.4, demand=1e12)
    assert "what the sums are made of" in [figure.title for figure in iso.figures(plan)]
    compared = iso.compare(columns, ["chinchilla", "kaplan_nd"], bootstrap=0)
    assert len(iso.figures(compared)) == 2
    assert iso.figures(iso.audit(columns, "chinchilla", bootstrap=0)) == []


def test_report(fit, tmp_path):
    plan = iso.plan(fit, "compute-optimal", flops=1e22)
    page = iso.report(fit, tmp_path / "r.html", results=[plan])
    assert page == (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "what the sums are made of" in page
    assert iso.report(fit, tmp_path / "r.md").startswith("# isoflop: chinchilla")
    loaded = iso.Fit.load(_saved(fit, tmp_path))
    with pytest.raises(iso.IsoflopError, match="give its runs"):
        iso.report(loaded)


def _saved(fit, folder):
    path = folder / "fit.json"
    fit.save(path)
    assert json.loads(path.read_text(encoding="utf-8"))["schema_version"]
    return path
