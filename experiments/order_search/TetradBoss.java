// Runs Tetrad's BOSS on a covariance. Arguments: file, p, n, penalty discount, starts, seed.
// The file holds p * p little-endian doubles. Output: "time SECONDS" for the search, then one "x y" per arrow x -> y of
// the best order's graph.
import edu.cmu.tetrad.data.ContinuousVariable;
import edu.cmu.tetrad.data.CovarianceMatrix;
import edu.cmu.tetrad.graph.Node;
import edu.cmu.tetrad.search.Boss;
import edu.cmu.tetrad.search.PermutationSearch;
import edu.cmu.tetrad.search.score.SemBicScore;
import edu.cmu.tetrad.util.RandomUtil;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

public class TetradBoss {
    public static void main(String[] a) throws Exception {
        int p = Integer.parseInt(a[1]);
        var numbers = ByteBuffer.wrap(Files.readAllBytes(Path.of(a[0]))).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer();
        double[][] S = new double[p][p];
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < p; i++) {
            numbers.get(S[i]);
            nodes.add(new ContinuousVariable("X" + i));
        }
        RandomUtil.getInstance().setSeed(Long.parseLong(a[5]));
        var score = new SemBicScore(new CovarianceMatrix(nodes, S, Integer.parseInt(a[2])));
        score.setPenaltyDiscount(Double.parseDouble(a[3]));
        var boss = new Boss(score);
        boss.setNumStarts(Integer.parseInt(a[4]));
        boss.setNumThreads(1);
        boss.setUseBes(false);
        boss.setUseDataOrder(false);
        boss.setVerbose(false);
        var search = new PermutationSearch(boss);
        long start = System.nanoTime();
        search.search();
        System.out.println("time " + (System.nanoTime() - start) / 1e9);
        Map<Node, Set<Node>> parents = boss.getParents();
        List<Node> variables = search.getVariables();
        for (Node y : parents.keySet())
            for (Node x : parents.get(y)) System.out.println(x.getName().substring(1) + " " + y.getName().substring(1));
    }
}
