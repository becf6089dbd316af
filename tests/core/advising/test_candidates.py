"""What a shortlist chooses from."""

from core.advising import candidates
from core.advising.candidates import by_parameters, by_published, contenders_of, left_out
from core.recipes.patterns import Pattern


def test_every_backbone_on_this_machine_at_its_own_and_the_larger_size(dataset, registry, settings):
    found = contenders_of(dataset, registry, settings)
    shipped = {one.backbone.name for one in found}
    assert {"squeezenet", "mobilenet_v1", "efficientnet_lite0"} <= shipped
    assert sorted(one.backbone.input_size for one in found if one.backbone.name == "efficientnet_lite0") == [224, 320]
    work = [one.backbone.multiply_adds for one in found]
    assert work == sorted(work)


def test_a_contender_has_cuts_and_the_multi_layer_probe(dataset, registry, settings):
    one = contenders_of(dataset, registry, settings)[0]
    patterns = [(entrant.recipe.pattern, entrant.recipe.hyperparameters.depth) for entrant in one.entrants]
    extractor = Pattern.STANDALONE_EXTRACTOR
    assert patterns == [(extractor, 0), (extractor, 1), (extractor, 2), (Pattern.MULTI_LAYER_PROBE, 0)]
    assert one.cuts[-1] == "top" and len(set(one.cuts)) == len(one.cuts)
    places = [one.backbone.blocks.index(cut.removesuffix(".pool")) for cut in one.cuts[:-1]]
    assert places == sorted(places)
    assert {cut for entrant in one.entrants for cut in entrant.cuts} == set(one.cuts)


def test_the_controls_look_at_what_is_published(dataset, registry, settings):
    found = contenders_of(dataset, registry, settings)
    first = by_published(found)[0].backbone
    assert first.top1 == max(one.backbone.top1 for one in found) and first.input_size == 260
    assert by_parameters(found)[0].backbone.parameters == max(one.backbone.parameters for one in found)


def test_of_many_backbones_the_cheapest_are_probed(dataset, registry, settings, monkeypatch):
    everything = contenders_of(dataset, registry, settings)
    monkeypatch.setattr(candidates, "MOST_BACKBONES", 2)
    names = {one.backbone.name for one in contenders_of(dataset, registry, settings)}
    cheapest = sorted({(one.backbone.multiply_adds, one.backbone.name) for one in everything if one.entrants[0]})
    assert len(names) == 2 and cheapest[0][1] in names
    assert left_out(registry, settings) == len({one.backbone.name for one in everything}) - 2
