Console.WriteLine("gpu-worker");
