"""What the tensors of released networks are called in ours: patterns and replacements, one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable

Names = list[tuple[str, str | Callable[[re.Match[str]], str]]]


def renamed(name: str, names: Names) -> str:
    """Our name of an official tensor."""
    for official, ours in names:
        name = re.sub(official, ours, name)
    return name


def _from_zero(part: str) -> Callable[[re.Match[str]], str]:
    """Released networks count some parts from one."""
    return lambda match: f"{part}.{int(match[1]) - 1}."


AGCN: Names = [
    (r"^data_bn\.", "norm."),
    (r"^l(\d+)\.", _from_zero("blocks")),
    (r"\.gcn1\.PA$", ".spatial.learned"),
    (r"\.gcn1\.conv_a\.(\d)\.", r".spatial.subsets.\1.query."),
    (r"\.gcn1\.conv_b\.(\d)\.", r".spatial.subsets.\1.key."),
    (r"\.gcn1\.conv_d\.(\d)\.", r".spatial.subsets.\1.value."),
    (r"\.gcn1\.down\.", ".spatial.residual."),
    (r"\.gcn1\.bn\.", ".spatial.norm."),
    (r"\.tcn1\.conv\.", ".temporal.0."),
    (r"\.tcn1\.bn\.", ".temporal.1."),
    (r"\.residual\.conv\.", ".residual.0."),
    (r"\.residual\.bn\.", ".residual.1."),
    (r"^fc\.", "classifier."),
]
CTR_GCN: Names = [
    (r"\.gcn1\.PA$", ".spatial.topology"),
    (r"\.gcn1\.alpha$", ".spatial.strength"),
    (r"\.gcn1\.convs\.(\d)\.", r".spatial.subsets.\1."),
    (r"\.conv1\.", ".one."),
    (r"\.conv2\.", ".other."),
    (r"\.conv3\.", ".value."),
    (r"\.conv4\.", ".relation."),
    (r"\.tcn1\.branches\.([01])\.3\.conv\.", r".temporal.dilated.\1.3.0."),
    (r"\.tcn1\.branches\.([01])\.3\.bn\.", r".temporal.dilated.\1.3.1."),
    (r"\.tcn1\.branches\.([01])\.", r".temporal.dilated.\1."),
    (r"\.tcn1\.branches\.2\.", ".temporal.largest."),
    (r"\.tcn1\.branches\.3\.", ".temporal.single."),
    *AGCN,
]
_ST_GCN_BLOCK: Names = [
    (r"\.gcn\.conv\.", ".spatial."),
    (r"\.tcn\.0\.", ".norm."),
    (r"\.tcn\.2\.", ".temporal.0."),
    (r"\.tcn\.3\.", ".temporal.1."),
]
ST_GCN: Names = [
    (r"^A$", "adjacency"),
    (r"^data_bn\.", "norm."),
    (r"^st_gcn_networks\.", "blocks."),
    (r"^edge_importance\.", "importance."),
    (r"^fcn\.", "classifier."),
    *_ST_GCN_BLOCK,
]
AS_GCN: Names = [
    (r"^A$", "adjacency"),
    (r"^data_bn\.", "norm."),
    (r"^class_layer_", "blocks."),
    (r"^recon_layer_", "forecast."),
    (r"\.gcn_recon\.deconv\.", ".gcn.conv."),
    (r"\.tcn_recon\.", ".tcn."),
    (r"^edge_importance\.", "importance."),
    (r"^edge_importance_recon\.", "forecast_importance."),
    (r"^fcn\.", "classifier."),
    *_ST_GCN_BLOCK,
]
_GATES = {"r": 0, "i": 1, "n": 2}
LINKS: Names = [
    (r"^encoder\.mlp(\d)\.", _from_zero("encoder")),
    (r"^encoder\.fc_out\.", "score."),
    (r"^(encoder\.\d)\.fc1\.", r"\1.first."),
    (r"^(encoder\.\d)\.fc2\.", r"\1.second."),
    (r"^(encoder\.\d)\.bn\.", r"\1.norm."),
    (r"\.msg_fc1\.", ".first."),
    (r"\.msg_fc2\.", ".second."),
    (r"\.hidden_([rin])\.", lambda match: f".remembered.{_GATES[match[1]]}."),
    (r"\.input_([rin])\.", lambda match: f".seen.{_GATES[match[1]]}."),
    (r"\.out_fc(\d)\.", lambda match: f".out.{3 * int(match[1]) - 3}."),
]
DGNN: Names = [
    (r"^data_bn_v\.", "joint_norm."),
    (r"^data_bn_e\.", "bone_norm."),
    (r"^l(\d+)\.", _from_zero("blocks")),
    (r"\.dgn\.(source|target)_M$", r".spatial.\1"),
    (r"\.dgn\.H_v\.", ".spatial.joint.0."),
    (r"\.dgn\.bn_v\.", ".spatial.joint.1."),
    (r"\.dgn\.H_e\.", ".spatial.bone.0."),
    (r"\.dgn\.bn_e\.", ".spatial.bone.1."),
    (r"\.tcn\.tempconv\.conv\.", ".temporal.0."),
    (r"\.tcn\.tempconv\.bn\.", ".temporal.1."),
    (r"\.residual\.tempconv\.conv\.", ".residual.0."),
    (r"\.residual\.tempconv\.bn\.", ".residual.1."),
    (r"^fc\.", "classifier."),
]
MS_G3D: Names = [
    (r"^data_bn\.", "norm."),
    (r"^(gcn3d|sgcn|tcn)(\d)\.", lambda match: f"blocks.{int(match[2]) - 1}.{match[1]}."),
    (r"\.sgcn\.", ".factorised."),
    (r"\.tcn\.", ".temporal."),
    (r"\.gcn3d\.gcn3d\.(\d)\.gcn3d\.1\.", r".windows.\1.gather."),
    (r"\.gcn3d\.gcn3d\.(\d)\.out_conv\.", r".windows.\1."),
    (r"\.gcn3d\.gcn3d\.(\d)\.out_bn\.", r".windows.\1.norm."),
    (r"\.A_res$", ".learned"),
    (r"\.mlp\.layers\.", ".mix."),
    (r"\.branches\.([0-3])\.3\.conv\.", r".dilated.\1.3.0."),
    (r"\.branches\.([0-3])\.3\.bn\.", r".dilated.\1.3.1."),
    (r"\.branches\.([0-3])\.", r".dilated.\1."),
    (r"\.branches\.4\.", ".largest."),
    (r"\.branches\.5\.", ".single."),
    (r"\.residual\.conv\.", ".residual.0."),
    (r"\.residual\.bn\.", ".residual.1."),
    (r"^fc\.", "classifier."),
]
SGN: Names = [
    (r"^joint_embed\.cnn\.0\.bn\.", "norms.0."),
    (r"^dif_embed\.cnn\.0\.bn\.", "norms.1."),
    (r"^(joint|dif)_embed\.cnn\.1\.cnn\.", r"\1_embed.cnn.0.cnn."),
    (r"^(joint|dif)_embed\.cnn\.3\.cnn\.", r"\1_embed.cnn.2.cnn."),
    (r"^joint_embed\.cnn\.(\d)\.cnn\.", r"position.\1."),
    (r"^dif_embed\.cnn\.(\d)\.cnn\.", r"velocity.\1."),
    (r"^spa_embed\.cnn\.(\d)\.cnn\.", r"joint.\1."),
    (r"^tem_embed\.cnn\.(\d)\.cnn\.", r"frame.\1."),
    (r"^compute_g1\.g1\.cnn\.", "graph.query."),
    (r"^compute_g1\.g2\.cnn\.", "graph.key."),
    (r"\.w\.cnn\.", ".linked."),
    (r"\.w1\.cnn\.", ".own."),
    (r"^(gcn\d)\.bn\.", r"\1.norm."),
    (r"^gcn1\.", "layers.0."),
    (r"^gcn2\.", "layers.1."),
    (r"^gcn3\.", "layers.2."),
    (r"^cnn\.cnn1\.", "over_frames.0."),
    (r"^cnn\.bn1\.", "over_frames.1."),
    (r"^cnn\.cnn2\.", "over_frames.4."),
    (r"^cnn\.bn2\.", "over_frames.5."),
    (r"^fc\.", "classifier."),
]
AUXFORMER: Names = [
    (r"^mask_embed$", "hidden"),
    (r"^agent_embed$", "seen_joint"),
    (r"^pos_embed$", "seen_frame"),
    (r"^patch_embed\.", "embed."),
    (r"^decoder_pos_embed\.weight$", "hidden_frame"),
    (r"^decoder_agent_embed\.weight$", "hidden_joint"),
    (r"^head\.", "predict.0."),
    (r"^aux_head\.", "restore."),
    (r"^aux_head_2\.", "clean."),
    (r"^(en|de)coder\.", r"\1coders."),
    (r"\.transformer_t\.0\.layers\.0", ".time"),
    (r"\.transformer_s\.0\.layers\.0", ".space"),
    (r"\.0\.norm\.", ".norm."),
    (r"\.0\.net\.to_qkv\.", ".attention.qkv."),
    (r"\.0\.net\.out\.0\.", ".attention.out."),
    (r"\.1\.norm\.", ".feed.0."),
    (r"\.1\.net\.net\.0\.", ".feed.1."),
    (r"\.1\.net\.net\.3\.", ".feed.3."),
]
LTD: Names = [
    (r"^gcbs\.(\d+)\.", r"blocks.\1."),
    (r"^gc1\.", "enter.convolution."),
    (r"^bn1\.", "enter.activation."),
    (r"^gc7\.", "leave."),
    (r"\.gc1\.", ".first.convolution."),
    (r"\.bn1\.", ".first.activation."),
    (r"\.gc2\.", ".second.convolution."),
    (r"\.bn2\.", ".second.activation."),
]
HRI: Names = [
    (r"^convQ\.", "query."),
    (r"^convK\.", "key."),
    (r"^gcn\.", ""),
    *LTD,
]
SIMLPE: Names = [
    (r"^motion_fc_in\.", "enter."),
    (r"^motion_fc_out\.", "leave."),
    (r"^motion_mlp\.mlps\.", "layers."),
    (r"\.fc0\.fc\.", "."),
    (r"\.norm0\.alpha", ".norm.weight"),
    (r"\.norm0\.beta", ".norm.bias"),
    (r"\.norm0\.", ".norm."),
]
