"""TensorBoard's HParams table, read from the registry.

In event files rows are not updated, exist only for runs that wrote one, and columns are inferred from all rows. The
registry has every run, also old ones and those without epochs, under its current name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from tensorboard.data import provider
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

from core.recipes.hyperparameters import Hyperparameters
from core.recipes.labels import HYPERPARAMETERS, in_text
from core.recipes.recipe import Recipe
from core.runs.values import Status
from core.web.board.runs import EVERYWHERE, METRICS, BoardRun, hyperparameters

PLUGIN = metadata.PLUGIN_NAME


def table(runs: Mapping[str, BoardRun]) -> dict[str, dict[str, provider.TensorTimeSeries]]:
    """The result of ``list_tensors`` for the HParams plugin.

    Args:
        runs: by displayed name.

    Returns:
        Start and end of every run, and (with the first run) the columns.
    """
    found = {name: _session(board_run) for name, board_run in runs.items()}
    if found:
        columns = plugin_data_pb2.HParamsPluginData(experiment=_experiment([one.run.recipe for one in runs.values()]))
        next(iter(found.values()))[metadata.EXPERIMENT_TAG] = _series(columns)
    return found


def last_values(
    runs: Mapping[str, BoardRun], tags: Iterable[str] | None = None
) -> dict[str, dict[str, provider.ScalarDatum]]:
    """The result of ``read_last_scalars`` for ``METRICS``."""
    wanted = set(METRICS) if tags is None else set(METRICS).intersection(tags)
    return {name: {tag: datum for tag, datum in _data(one).items() if tag in wanted} for name, one in runs.items()}


def _data(one: BoardRun) -> dict[str, provider.ScalarDatum]:
    step, moment = one.run.best_epoch or 0, one.run.ended_at or one.run.created_at
    return {tag: provider.ScalarDatum(step=step, wall_time=moment, value=value) for tag, value in one.metrics.items()}


_STATUSES = {
    Status.FINISHED: api_pb2.STATUS_SUCCESS,
    Status.FAILED: api_pb2.STATUS_FAILURE,
    Status.KILLED: api_pb2.STATUS_FAILURE,
    Status.RUNNING: api_pb2.STATUS_RUNNING,
}


_ALWAYS_SHOWN = ("backbone", "pattern")
_FIRST = (*_ALWAYS_SHOWN, *EVERYWHERE)
_ORDER = (*_FIRST, *(field.name for field in fields(Hyperparameters) if field.name not in _FIRST))


def _key(name: str) -> str:
    """The key of a column. TensorBoard sorts the columns by their keys and does not display them."""
    return f"{_ORDER.index(name):02} {name}"


def _session(one: BoardRun) -> dict[str, provider.TensorTimeSeries]:
    run = one.run
    start = plugin_data_pb2.SessionStartInfo(start_time_secs=run.started_at or run.created_at)
    for name, value in hyperparameters(run.recipe).items():
        kind = "bool_value" if isinstance(value, bool) else "string_value" if isinstance(value, str) else "number_value"
        setattr(start.hparams[_key(name)], kind, value)
    end = plugin_data_pb2.SessionEndInfo(
        status=_STATUSES.get(run.status, api_pb2.STATUS_UNKNOWN), end_time_secs=run.ended_at or 0
    )
    return {
        metadata.SESSION_START_INFO_TAG: _series(plugin_data_pb2.HParamsPluginData(session_start_info=start)),
        metadata.SESSION_END_INFO_TAG: _series(plugin_data_pb2.HParamsPluginData(session_end_info=end)),
    }


def _series(data: plugin_data_pb2.HParamsPluginData) -> provider.TensorTimeSeries:
    content = metadata.create_summary_metadata(data).plugin_data.content
    return provider.TensorTimeSeries(
        max_step=0, max_wall_time=0.0, plugin_content=content, description="", display_name=""
    )


def _experiment(recipes: Sequence[Recipe]) -> api_pb2.Experiment:
    """The columns: every hyperparameter that one of the recipes uses, and every metric."""
    values: dict[str, list] = {}
    for recipe in recipes:
        for name, value in hyperparameters(recipe).items():
            values.setdefault(name, []).append(value)
    columns = [_column(name, found, everywhere=len(found) == len(recipes)) for name, found in values.items()]
    measured = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=title, description=text)
        for tag, (title, text) in METRICS.items()
    ]
    return api_pb2.Experiment(hparam_infos=columns, metric_infos=measured)


def _column(name: str, values: Sequence, *, everywhere: bool) -> api_pb2.HParamInfo:
    distinct = sorted(set(values))
    info = api_pb2.HParamInfo(
        name=_key(name),
        display_name=in_text(HYPERPARAMETERS[name].title) if name in HYPERPARAMETERS else name.replace("_", " "),
        description=HYPERPARAMETERS[name].description if name in HYPERPARAMETERS else "",
        # Differing columns come first, and the first five are shown by default; these must have a value in every run.
        differs=name in _ALWAYS_SHOWN or (everywhere and len(distinct) > 1),
    )
    if isinstance(distinct[0], bool):
        info.type = api_pb2.DATA_TYPE_BOOL
        info.domain_discrete.extend(distinct)
    elif isinstance(distinct[0], str):
        info.type = api_pb2.DATA_TYPE_STRING
        info.domain_discrete.extend(distinct)
    else:
        info.type = api_pb2.DATA_TYPE_FLOAT64
        info.domain_interval.min_value, info.domain_interval.max_value = distinct[0], distinct[-1]
    return info
